#include "flows/ExactVector.hpp"

// The operations table of a Vec is only declared here; the same header has it from PETSc 3.18 to 3.25.
#include <petsc/private/vecimpl.h>

#include <algorithm>
#include <cmath>

#include "weir/base/Calls.hpp"
#include "weir/flows/State.hpp"
#include "weir/parallel/ExactSum.hpp"

// This file is compiled without contraction to fused multiply-add, so that a loop's vector body and its tail
// round alike wherever a rank's array ends.

namespace weir {

namespace {

/// What the operations need to know; all vectors of a layout have the same one, as a composed object.
struct Shape {
  std::shared_ptr<const Layout> layout;
  ExactSum sum;
  Matrix<Real> partials;  // 1 x local tiles of all blocks

  explicit Shape(std::shared_ptr<const Layout> l) : layout(std::move(l)), sum(layout->comm(), 1) {
    Index tiles = 0;
    for (Index b = 0; b < layout->blocks(); ++b) tiles += (*layout)[b].partition.local_tiles();
    partials = Matrix<Real>("Weir::ExactVector::partials", 1, tiles);
  }
};

constexpr const char* shape_key = "weir_shape";
constexpr const char* memory_key = "weir_memory";
constexpr const char* vector_key = "weir_vector";  // of a matrix

PetscObject object(Vec vec) {
  return reinterpret_cast<PetscObject>(vec);
}

PetscObject shape_container(Vec vec) {
  PetscObject container = nullptr;
  WEIR_PETSC(PetscObjectQuery(object(vec), shape_key, &container));
  WEIR_CHECK(container != nullptr, "a vector without a layout");
  return container;
}

Shape& shape_of(Vec vec) {
  void* shape = nullptr;
  WEIR_PETSC(PetscContainerGetPointer(reinterpret_cast<PetscContainer>(shape_container(vec)), &shape));
  return *static_cast<Shape*>(shape);
}

#if PETSC_VERSION_LT(3, 23, 0)
constexpr auto set_destructor = PetscContainerSetUserDestroy;
template <class T>
PetscErrorCode delete_contents(void* contents) {
  delete static_cast<T*>(contents);
  return PETSC_SUCCESS;
}
#else
constexpr auto set_destructor = PetscContainerSetCtxDestroy;
/// A void** until 3.24, void* since.
template <class T, class Address>
PetscErrorCode delete_contents(Address address_of_contents) {
  delete *static_cast<T**>(static_cast<void*>(address_of_contents));
  return PETSC_SUCCESS;
}
#endif

/// Hands `contents` to the Vec, which deletes them with itself.
template <class T>
void attach(Vec vec, const char* key, std::unique_ptr<T> contents) {
  PetscContainer container = nullptr;
  WEIR_PETSC(PetscContainerCreate(PetscObjectComm(object(vec)), &container));
  WEIR_PETSC(PetscContainerSetPointer(container, contents.release()));
  WEIR_PETSC(set_destructor(container, delete_contents<T>));
  WEIR_PETSC(PetscObjectCompose(object(vec), key, reinterpret_cast<PetscObject>(container)));
  WEIR_PETSC(PetscContainerDestroy(&container));
}

class Reading {
 public:
  explicit Reading(Vec vec) : vec_(vec) { WEIR_PETSC(VecGetArrayRead(vec, &values_)); }
  ~Reading() { VecRestoreArrayRead(vec_, &values_); }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;
  const PetscScalar* begin() const { return values_; }

 private:
  Vec vec_;
  const PetscScalar* values_ = nullptr;
};

class Writing {
 public:
  explicit Writing(Vec vec) : vec_(vec) {
    WEIR_PETSC(VecGetLocalSize(vec, &size_));
    WEIR_PETSC(VecGetArray(vec, &values_));
  }
  ~Writing() { VecRestoreArray(vec_, &values_); }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  PetscScalar& operator[](PetscInt i) { return values_[i]; }
  PetscInt size() const { return size_; }

 private:
  Vec vec_;
  PetscInt size_ = 0;
  PetscScalar* values_ = nullptr;
};

PetscReal largest(Vec x) {
  const Reading values(x);
  PetscInt size = 0;
  WEIR_PETSC(VecGetLocalSize(x, &size));
  PetscReal most = 0;
  for (PetscInt i = 0; i < size; ++i) most = std::max(most, std::fabs(values.begin()[i]));
  return shape_of(x).layout->comm().max(most);
}

double product(double a, double b) {
  return a * b;
}
double magnitude(double a, double) {
  return std::fabs(a);
}

PetscErrorCode dot(Vec x, Vec y, PetscScalar* result) {
  return petsc_callback([&] { *result = exact_vector_sum(x, y, product); });
}
PetscErrorCode many_dots(Vec x, PetscInt count, const Vec y[], PetscScalar* results) {
  return petsc_callback([&] {
    for (PetscInt k = 0; k < count; ++k) results[k] = exact_vector_sum(x, y[k], product);
  });
}
PetscErrorCode norm(Vec x, NormType type, PetscReal* result) {
  return petsc_callback([&] {
    if (type == NORM_INFINITY) {
      *result = largest(x);
      return;
    }
    if (type == NORM_1 || type == NORM_1_AND_2) result[0] = exact_vector_sum(x, x, magnitude);
    if (type != NORM_1) result[type == NORM_1_AND_2 ? 1 : 0] = std::sqrt(exact_vector_sum(x, x, product));
  });
}
PetscErrorCode dot_and_norm(Vec x, Vec y, PetscScalar* with, PetscScalar* square) {
  return petsc_callback([&] {
    *with = exact_vector_sum(x, y, product);
    *square = exact_vector_sum(y, y, product);
  });
}

// PETSc adds the "local" values over ranks itself: rank 0 brings the whole, the others nothing.
bool brings_nothing(Vec x) {
  return !shape_of(x).layout->comm().is_root();
}

PetscErrorCode local_dot(Vec x, Vec y, PetscScalar* result) {
  return petsc_callback([&] {
    WEIR_PETSC(dot(x, y, result));
    if (brings_nothing(x)) *result = 0;
  });
}
PetscErrorCode local_many_dots(Vec x, PetscInt count, const Vec y[], PetscScalar* results) {
  return petsc_callback([&] {
    WEIR_PETSC(many_dots(x, count, y, results));
    if (brings_nothing(x)) std::fill_n(results, count, 0.);
  });
}
PetscErrorCode local_norm(Vec x, NormType type, PetscReal* result) {
  return petsc_callback([&] {
    WEIR_PETSC(norm(x, type, result));
    if (brings_nothing(x)) std::fill_n(result, type == NORM_1_AND_2 ? 2 : 1, 0.);
  });
}

PetscErrorCode axpy(Vec y, PetscScalar a, Vec x) {
  return petsc_callback([&] {
    const Reading from(x);
    Writing to(y);
    for (PetscInt i = 0; i < to.size(); ++i) to[i] += a * from.begin()[i];
  });
}
PetscErrorCode axpby(Vec y, PetscScalar a, PetscScalar b, Vec x) {
  return petsc_callback([&] {
    const Reading from(x);
    Writing to(y);
    for (PetscInt i = 0; i < to.size(); ++i) to[i] = a * from.begin()[i] + b * to[i];
  });
}
PetscErrorCode aypx(Vec y, PetscScalar b, Vec x) {
  return axpby(y, 1, b, x);
}
PetscErrorCode waxpy(Vec w, PetscScalar a, Vec x, Vec y) {
  return petsc_callback([&] {
    const Reading first(x), second(y);
    Writing to(w);
    for (PetscInt i = 0; i < to.size(); ++i) to[i] = a * first.begin()[i] + second.begin()[i];
  });
}
PetscErrorCode axpbypcz(Vec z, PetscScalar a, PetscScalar b, PetscScalar c, Vec x, Vec y) {
  return petsc_callback([&] {
    const Reading first(x), second(y);
    Writing to(z);
    for (PetscInt i = 0; i < to.size(); ++i) to[i] = a * first.begin()[i] + b * second.begin()[i] + c * to[i];
  });
}
PetscErrorCode maxpy(Vec y, PetscInt count, const PetscScalar* a, Vec* x) {
  return petsc_callback([&] {
    for (PetscInt k = 0; k < count; ++k) WEIR_PETSC(axpy(y, a[k], x[k]));
  });
}

Vec create_zeros(MPI_Comm comm, PetscInt size);

PetscErrorCode duplicate(Vec from, Vec* to) {
  return petsc_callback([&] {
    PetscInt size = 0;
    WEIR_PETSC(VecGetLocalSize(from, &size));
    *to = create_zeros(PetscObjectComm(object(from)), size);
    WEIR_PETSC(PetscObjectCompose(object(*to), shape_key, shape_container(from)));
  });
}
PetscErrorCode duplicate_many(Vec from, PetscInt count, Vec** to) {
  return petsc_callback([&] {
    WEIR_PETSC(PetscMalloc1(count, to));
    for (PetscInt k = 0; k < count; ++k) WEIR_PETSC(VecDuplicate(from, *to + k));
  });
}
PetscErrorCode destroy_many(PetscInt count, Vec vectors[]) {
  return petsc_callback([&] {
    for (PetscInt k = 0; k < count; ++k) WEIR_PETSC(VecDestroy(vectors + k));
    WEIR_PETSC(PetscFree(vectors));
  });
}

PetscErrorCode create_for_matrix(Mat matrix, Vec* right, Vec* left) {
  return petsc_callback([&] {
    PetscObject like = nullptr;
    WEIR_PETSC(PetscObjectQuery(reinterpret_cast<PetscObject>(matrix), vector_key, &like));
    for (Vec* vec : {right, left})
      if (vec) WEIR_PETSC(VecDuplicate(reinterpret_cast<Vec>(like), vec));
  });
}

/// A Vec on the memory of a View, which it keeps.
Vec create_zeros(MPI_Comm comm, PetscInt size) {
  auto memory = std::make_unique<Vector<Real>>("Weir::ExactVector::values", std::size_t(size));
  Vec vec = nullptr;
  WEIR_PETSC(VecCreateMPIWithArray(comm, 1, size, PETSC_DETERMINE, memory->data(), &vec));
  attach(vec, memory_key, std::move(memory));

  auto& ops = *vec->ops;
  ops.duplicate = duplicate;
  ops.duplicatevecs = duplicate_many;
  ops.destroyvecs = destroy_many;
  ops.dot = ops.tdot = dot;
  ops.mdot = ops.mtdot = many_dots;
  ops.norm = norm;
  ops.dotnorm2 = dot_and_norm;
  ops.dot_local = ops.tdot_local = local_dot;
  ops.mdot_local = ops.mtdot_local = local_many_dots;
  ops.norm_local = local_norm;
  ops.axpy = axpy;
  ops.axpby = axpby;
  ops.aypx = aypx;
  ops.waxpy = waxpy;
  ops.axpbypcz = axpbypcz;
  ops.maxpy = maxpy;
  return vec;
}

}  // namespace

void make_vectors_like(Vec vec, Mat matrix) {
  WEIR_PETSC(PetscObjectCompose(reinterpret_cast<PetscObject>(matrix), vector_key, object(vec)));
  WEIR_PETSC(MatSetOperation(matrix, MATOP_CREATE_VECS, reinterpret_cast<void (*)()>(create_for_matrix)));
}

Index count_vectors_like(Vec vec) {
  // Every duplicate refers to the same shape.
  PetscInt references = 0;
  WEIR_PETSC(PetscObjectGetReference(shape_container(vec), &references));
  return references;
}

void check_memory(Vec vec) {
  shape_container(vec);
}

double exact_vector_sum(Vec a, Vec b, double (*term)(double, double)) {
  Shape& shape = shape_of(a);
  const Reading x(a), y(b);
  Index partial = 0;
  for (Index block = 0; block < shape.layout->blocks(); ++block) {
    const auto tiles = (*shape.layout)[block].partition.local();
    const Index components = (*shape.layout)[block].components, offset = shape.layout->local_offset(block);
    for (Index t = 0; t < tiles.tiles; ++t, ++partial) {
      const Tile tile = tiles[t];
      const Index first = offset + tile.first * components, last = first + tile.count * components;
      Real sum = 0;
      for (Index i = first; i < last; ++i) sum += term(x.begin()[i], y.begin()[i]);
      shape.partials(0, partial) = sum;
    }
  }
  Real total = 0;
  try {
    shape.sum(shape.partials, &total, "a sum over the state");
  } catch (const RunError&) {  // on all ranks
    return HUGE_VAL;
  }
  return total;
}

bool all_finite(Vec vec) {
  const Reading values(vec);
  PetscInt size = 0;
  WEIR_PETSC(VecGetLocalSize(vec, &size));
  bool finite = true;
  for (PetscInt i = 0; i < size; ++i) finite = finite && std::isfinite(values.begin()[i]);
  return !shape_of(vec).layout->comm().any(!finite);
}

Vec create_exact_vector(std::shared_ptr<const Layout> layout) {
  const Vec vec = create_zeros(layout->comm().mpi(), PetscInt(layout->local_size()));
  attach(vec, shape_key, std::make_unique<Shape>(std::move(layout)));
  return vec;
}

}  // namespace weir
