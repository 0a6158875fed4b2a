"""How large a decoder is."""

from dataclasses import dataclass

from transcription.engines.decoder.model_file import Variables


@dataclass(frozen=True, slots=True)
class Shape:
    layers: int
    heads: int
    width: int

    @property
    def head(self) -> int:
        return self.width // self.heads


def shape_of(variables: Variables) -> Shape:
    layers = sum(name.endswith("self_attention/linear_1/bias") for name in variables)
    return Shape(layers, int(variables["num_heads"]), variables["position_encodings/encodings"].shape[1])
