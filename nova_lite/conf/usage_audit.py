# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: the audits of usage."""

from __future__ import annotations

from oslo_config import cfg

from nova_lite.compute import audit_period

GROUP = None

OPTS = [
    cfg.BoolOpt(
        "instance_usage_audit",
        default=False,
        help="At the end of each instance_usage_audit_period nova-lite-"
        "compute counts the servers that ran on its host in it, and writes "
        "the result into the log that os-instance_usage_audit_log shows.",
    ),
    cfg.StrOpt(
        "instance_usage_audit_period",
        default="month",
        regex=audit_period.PATTERN,
        help="Length of an audit's period: hour, day, month or year, and "
        "after an @ where it begins: minute (0 to 59) of the hour, hour (0 "
        "to 23) of the day, day (1 to 31) of the month, month (1 to 12) of "
        "the year, in UTC. month@31 begins on the last day of shorter "
        "months. The API and every compute need the same value.",
    ),
]
