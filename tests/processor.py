"""Which processor figures were measured on."""

import os
import platform
from pathlib import Path

TELLING = ("avx2", "avx512_vnni", "avx_vnni", "asimddp")  # how quickly int8 is multiplied depends on them
CPUINFO = Path("/proc/cpuinfo")


def processor() -> str:
    """Hypervisors often hide the name; family and model tell the generation."""
    lines = CPUINFO.read_text().splitlines() if CPUINFO.exists() else []
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    has = [name for name in TELLING if name in facts.get("flags", facts.get("Features", "")).split()]
    name = facts.get("model name", "unknown processor")
    generation = f"family {facts['cpu family']} model {facts['model']}" if "cpu family" in facts else ""
    return ", ".join(part for part in (platform.machine(), f"{os.cpu_count()} cores", name, generation, *has) if part)
