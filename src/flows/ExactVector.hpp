// PETSc vector operations that give the same bits on any number of ranks.
#pragma once

#include <petscvec.h>

#include <memory>

#include "weir/base/Types.hpp"

namespace weir {

class Layout;

/// Replaces the operations of `vec` that add across entries or that BLAS may round differently at the end of
/// an array: dots and norms sum tile by tile and then exactly, updates are plain loops. Vectors duplicated
/// from it inherit both the operations and the layout. Collective.
void make_exact(Vec vec, std::shared_ptr<const Layout> layout);

/// How many vectors share the layout of `vec`, itself included: those that were duplicated from it and live.
Index count_vectors_like(Vec vec);

/// Collective: exact sum over ranks of term(a_i, b_i) over all entries of vectors that share a layout made by
/// make_exact; infinite where a term is not finite, which PETSc's solvers look for and recover from.
double exact_vector_sum(Vec a, Vec b, double (*term)(double, double));

/// Collective, of a vector with such a layout.
bool all_finite(Vec vec);

}  // namespace weir
