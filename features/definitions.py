"""The version of what the features compute, by which a stored network knows its inputs."""

# Raised when a feature computes something else under the same name: a pretrained network of another
# version is refused, because its inputs would no longer be what it was trained on.
DEFINITIONS = 1
