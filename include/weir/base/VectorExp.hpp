// Exponentials of whole arrays, vectorised for any processor.
#pragma once

#include <cstdint>

namespace weir {

/// result_i = exp(max(x_i, -708)) for x_i <= 700, to within 2 units in the last place; what is too small for
/// a double, -infinity included, ends as 3e-308. `result` may be `x`.
void vector_exp(const double* x, double* result, std::int64_t count);

}  // namespace weir
