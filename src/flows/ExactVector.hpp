// PETSc vectors in the memory of Views, whose operations give the same bits on any number of ranks.
#pragma once

#include <petscmat.h>

#include <memory>

#include "weir/base/Types.hpp"

namespace weir {

class Layout;

/// Creates a Vec of zeros for a layout, in memory that kernels and the host both reach. Those operations are
/// Weir's own that add across entries or that BLAS may round differently at the end of an array: dots and
/// norms sum tile by tile and then exactly, updates are plain loops. Vectors duplicated from it have the same
/// operations, the same layout and the same kind of memory, so a velocity can be computed into all vectors
/// that PETSc's methods work with. Collective.
Vec create_exact_vector(std::shared_ptr<const Layout> layout);

/// From now on vectors that PETSc creates for `matrix` are duplicates of `vec`.
void make_vectors_like(Vec vec, Mat matrix);

/// How many vectors share the layout of `vec`, itself included: those that were duplicated from it and live.
Index count_vectors_like(Vec vec);

/// Throws InternalError where `vec` is none of these vectors, so that kernels might not reach its memory.
void check_memory(Vec vec);

/// Collective: exact sum over ranks of term(a_i, b_i) over all entries of vectors that share a layout;
/// infinite where a term is not finite, which PETSc's solvers look for and recover from.
double exact_vector_sum(Vec a, Vec b, double (*term)(double, double));

/// Collective, of a vector with such a layout.
bool all_finite(Vec vec);

}  // namespace weir
