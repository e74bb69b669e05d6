# SPDX-License-Identifier: Apache-2.0
"""What is told to other services: notifications, versioned and legacy.

``messenger`` is the door to oslo.messaging; ``events`` says what each
operation is called; ``payloads`` and ``legacy`` make what is sent;
``servers`` and ``cloud`` are what the rest of nova_lite calls. Without a
driver in [oslo_messaging_notifications] nothing is read, made or sent.
"""
