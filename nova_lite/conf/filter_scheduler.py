# SPDX-License-Identifier: Apache-2.0
"""[filter_scheduler]: which hosts may do, and which of them is best."""

from __future__ import annotations

from oslo_config import cfg

GROUP = cfg.OptGroup("filter_scheduler", title="Filters and weighers")

OPTS = [
    cfg.ListOpt(
        "enabled_filters",
        default=[
            "AvailabilityZoneFilter",
            "ComputeFilter",
            "ComputeCapabilitiesFilter",
            "ImagePropertiesFilter",
            "ServerGroupAntiAffinityFilter",
            "ServerGroupAffinityFilter",
            "SameHostFilter",
            "DifferentHostFilter",
        ],
        help="Filters that a host must pass, by entry point name in "
        "nova_lite.scheduler.filters, in the order in which a host's reason "
        "is looked for. Free capacity is always checked, after them.",
    ),
    cfg.ListOpt(
        "weight_classes",
        default=[
            "RAMWeigher",
            "CPUWeigher",
            "DiskWeigher",
            "BuildFailureWeigher",
            "ServerGroupSoftAffinityWeigher",
            "ServerGroupSoftAntiAffinityWeigher",
        ],
        help="Weighers that order the hosts left by the filters, by entry "
        "point name in nova_lite.scheduler.weights. None: any host is as "
        "good as another.",
    ),
    cfg.IntOpt(
        "host_subset_size",
        default=1,
        min=1,
        max=1000,
        help="Choose at random among this many of the best hosts. 1 takes "
        "the best; more makes schedulers that work at the same moment meet "
        "on one host less often, at the price of a less even spread.",
    ),
    cfg.BoolOpt(
        "shuffle_best_same_weighed_hosts",
        default=False,
        help="Put hosts of equal weight in random order instead of a fixed "
        "one.",
    ),
    cfg.FloatOpt(
        "ram_weight_multiplier",
        default=1.0,
        help="Weight of free memory. Positive spreads servers over hosts, "
        "negative fills one host after another, 0 ignores memory.",
    ),
    cfg.FloatOpt(
        "cpu_weight_multiplier",
        default=1.0,
        help="Weight of free VCPUs. Positive spreads, negative fills, 0 "
        "ignores them.",
    ),
    cfg.FloatOpt(
        "disk_weight_multiplier",
        default=1.0,
        help="Weight of free local disk. Positive spreads, negative fills, "
        "0 ignores it.",
    ),
    cfg.FloatOpt(
        "build_failure_weight_multiplier",
        default=1000000.0,
        min=0.0,
        help="How strongly hosts are avoided on which builds failed since "
        "the last good one. The default puts them behind all others; 0 "
        "ignores failures, so that a broken, empty host attracts every "
        "build.",
    ),
    cfg.FloatOpt(
        "soft_affinity_weight_multiplier",
        default=10.0,
        min=0.0,
        help="Weight of the servers of its group on a host, for a server of "
        "a group with the policy soft-affinity. The default is above free "
        "memory, VCPUs and disk together, which would spread the servers; 0 "
        "ignores the policy.",
    ),
    cfg.FloatOpt(
        "soft_anti_affinity_weight_multiplier",
        default=10.0,
        min=0.0,
        help="The same for the policy soft-anti-affinity, where hosts with "
        "servers of the group are avoided.",
    ),
    cfg.FloatOpt(
        "io_ops_weight_multiplier",
        default=-1.0,
        help="Weight of servers being built or copied on a host, for "
        "IoOpsWeigher. Negative avoids busy hosts, positive seeks them, 0 "
        "ignores them.",
    ),
    cfg.FloatOpt(
        "num_instances_weight_multiplier",
        default=0.0,
        help="Weight of the number of servers on a host, for "
        "NumInstancesWeigher. Negative spreads, positive fills, 0 ignores "
        "it.",
    ),
    cfg.IntOpt(
        "max_io_ops_per_host",
        default=8,
        min=0,
        help="Servers being built or copied on a host above which "
        "IoOpsFilter sends no other one there. 0 sends none at all.",
    ),
    cfg.IntOpt(
        "max_instances_per_host",
        default=50,
        min=1,
        help="Servers on a host above which NumInstancesFilter sends no "
        "other one there.",
    ),
    cfg.ListOpt(
        "isolated_images",
        default=[],
        help="Ids of images that IsolatedHostsFilter lets run on "
        "isolated_hosts only. None: no image is isolated.",
    ),
    cfg.ListOpt(
        "isolated_hosts",
        default=[],
        help="Hosts of the isolated images, for IsolatedHostsFilter. None: "
        "no host is isolated.",
    ),
    cfg.BoolOpt(
        "restrict_isolated_hosts_to_isolated_images",
        default=True,
        help="Whether isolated_hosts take isolated images only. False: "
        "other images may run there too.",
    ),
    cfg.StrOpt(
        "aggregate_image_properties_isolation_namespace",
        default="",
        help="AggregateImagePropertiesIsolation compares only keys of an "
        "aggregate's metadata that begin with this and the separator. Empty "
        "compares all.",
    ),
    cfg.StrOpt(
        "aggregate_image_properties_isolation_separator",
        default=".",
        help="What stands between the namespace and the rest of a key.",
    ),
]
