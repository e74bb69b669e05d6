# SPDX-License-Identifier: Apache-2.0
"""[notifications]: what other services are told, and in which form."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup(
    "notifications",
    title="Notifications to other services; nothing is sent while [oslo_"
    "messaging_notifications] driver is not set (messagingv2 sends)",
)

OPTS = [
    cfg.StrOpt(
        "notification_format",
        default="unversioned",
        choices=[
            ("unversioned", "the legacy form"),
            ("versioned", "the form whose payloads have versions"),
            ("both", "each notification in both forms"),
        ],
        help="Form of the notifications.",
    ),
    cfg.ListOpt(
        "versioned_notifications_topics",
        default=["versioned_notifications"],
        help="Topics that versioned notifications go to. Legacy ones go to "
        "[oslo_messaging_notifications] topics.",
    ),
    cfg.StrOpt(
        "notify_on_state_change",
        choices=[
            ("vm_state", "when the vm_state changes"),
            ("vm_and_task_state", "when either state changes"),
        ],
        help="Send compute.instance.update and instance.update on changes of "
        "a server's state. Unset: never.",
    ),
    cfg.StrOpt(
        "default_level",
        default="INFO",
        choices=["DEBUG", "INFO", "WARN", "ERROR", "CRITICAL"],
        help="Priority of legacy notifications that tell of no error.",
    ),
    cfg.BoolOpt(
        "bdms_in_notifications",
        default=False,
        help="Name a server's volumes in versioned notifications. The field "
        "block_devices is null when false.",
    ),
]
