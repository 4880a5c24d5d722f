"""Named array types."""

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float64]
