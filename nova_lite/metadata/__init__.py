# SPDX-License-Identifier: Apache-2.0
"""What a guest may read of itself, in openstack's and in EC2's form.

Documents are made of a plain value (``model.Server``) and know neither
database nor messages, so that the config drive, which a compute writes, and
the metadata service say the same.
"""
