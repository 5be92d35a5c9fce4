"""An example of every command, for the end of its help; `nir import` is a command as well."""

EXAMPLES = {
    "demo": "dualspike demo digits -o demo",
    "init": "dualspike init net.toml --data measured.npz",
    "generate": "dualspike generate net.toml --weights run/weights.npz --baked -o chip",
    "synth": "dualspike synth net.toml --device ecp5-45f --place-and-route",
    "simulate": "dualspike simulate net.toml --samples 8 --waves",
    "verify": "dualspike verify net.toml --updates 20",
    "train": "dualspike train net.toml --engine rtl --validation-split 0.1 --patience 5 -o run",
    "predict": "dualspike predict run more.npz --engine rtl",
    "experiment": "dualspike experiment hat --quick -o experiment",
    "report": "dualspike report run",
    "doctor": "dualspike doctor",
    "cache": "dualspike cache --clear",
    "boards": "dualspike boards --preset hat",
    "build": "dualspike build net.toml --board ulx3s-85f --clock 50 --seeds 4 -o board",
    "flash": "dualspike flash board --dry-run",
    "board": "dualspike board serve net.toml --virtual",
    "board serve": "dualspike board serve net.toml --virtual",
    "nir": "dualspike nir import theirs.nir --time-steps 16 --dt 1e-4 -o theirs",
    "nir import": "dualspike nir import theirs.nir --time-steps 16 --dt 1e-4 -o theirs",
    "nir export": "dualspike nir export net.toml --weights run/weights.npz -o net.nir",
    "completion": "dualspike completion bash >> ~/.bashrc",
}


def shown(name: str) -> str | None:
    """What stands at the end of a command's help: lines that are not filled up."""
    example = EXAMPLES.get(name)
    return None if example is None else f"\b\nExample:\n  {example}"
