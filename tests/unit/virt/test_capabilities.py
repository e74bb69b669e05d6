# SPDX-License-Identifier: Apache-2.0
"""What is read from libvirt's capabilities."""

from __future__ import annotations

from nova_lite.virt.libvirt import capabilities

XML = """
<capabilities>
  <host>
    <cpu>
      <arch>x86_64</arch>
      <model>EPYC</model>
      <vendor>AMD</vendor>
      <topology sockets='1' dies='1' cores='4' threads='2'/>
      <feature name='vmx'/>
      <feature name='aes'/>
    </cpu>
  </host>
  <guest>
    <os_type>hvm</os_type>
    <arch name='i686'>
      <machine>isapc</machine>
      <domain type='qemu'/>
      <domain type='kvm'/>
    </arch>
  </guest>
  <guest>
    <os_type>hvm</os_type>
    <arch name='x86_64'>
      <machine canonical='pc-i440fx-7.2'>pc</machine>
      <machine>pc-q35-7.2</machine>
      <domain type='qemu'/>
    </arch>
  </guest>
</capabilities>
"""


def test_parse() -> None:
    found = capabilities.parse(XML)
    assert found.arch == "x86_64"
    assert found.cpu_info == {
        "arch": "x86_64",
        "model": "EPYC",
        "vendor": "AMD",
        "topology": {"sockets": 1, "cores": 4, "threads": 2},
        "features": ["aes", "vmx"],
    }
    assert found.guests == [
        ("i686", "qemu", "hvm"),
        ("i686", "kvm", "hvm"),
        ("x86_64", "qemu", "hvm"),
    ]
    assert found.machines == {"pc", "pc-q35-7.2"}


def test_kvm_of_another_architecture_is_not_enough() -> None:
    found = capabilities.parse(XML)
    assert found.can_run("qemu")
    assert not found.can_run("kvm")
