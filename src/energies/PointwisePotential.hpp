// A potential whose value and gradient at a point are given by a functor.
#pragma once

#include "weir/energies/Potential.hpp"

namespace weir {

/// Functor: `Real value(int d, const Real* x)` and `void add_gradient(int d, const Real* x, Real factor,
/// Real* g)`, or the same with the time after `x`.
template <class Functor>
class PointwisePotential : public Potential {
 public:
  explicit PointwisePotential(Functor functor) : functor_(std::move(functor)) {}

  void add_value(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t,
                 const VectorRef<Real>& values) const override {
    const Functor functor = functor_;
    const int d = int(x.extent(0));
    for_each_tile(
        "Weir::Potential::value", tiles, KOKKOS_LAMBDA(const Tile& tile) {
          for (Index i = tile.first; i < tile.first + tile.count; ++i)
            values(i) += value_of(functor, d, &x(0, i), t, 0);
        });
  }

  void add_gradient(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t, Real factor,
                    const MatrixRef<Real>& out) const override {
    with_dimension(int(x.extent(0)), [&](auto d) { add_gradient_in(d, tiles, x, t, factor, out); });
  }

  // A kernel, which nvcc takes in public functions only.
  template <class Dimension>
  void add_gradient_in(Dimension d, const LocalTiles& tiles, const MatrixRef<const Real>& x, Real t,
                       Real factor, const MatrixRef<Real>& out) const {
    const Functor functor = functor_;
    for_each_tile(
        "Weir::Potential::gradient", tiles, KOKKOS_LAMBDA(const Tile& tile) {
          const Real* const xs = &x(0, tile.first);
          Real* const outs = &out(0, tile.first);
#pragma omp simd
          for (int i = 0; i < int(tile.count); ++i)
            add_gradient_of(functor, d, xs + i * d, t, factor, outs + i * d, 0);
        });
  }

 private:
  // The int argument prefers the functor's form with time, where it has one.
  template <class F>
  static KOKKOS_INLINE_FUNCTION auto value_of(const F& f, int d, const Real* x, Real t, int)
      -> decltype(f.value(d, x, t)) {
    return f.value(d, x, t);
  }
  template <class F>
  static KOKKOS_INLINE_FUNCTION Real value_of(const F& f, int d, const Real* x, Real, long) {
    return f.value(d, x);
  }
  template <class F>
  static KOKKOS_INLINE_FUNCTION auto add_gradient_of(const F& f, int d, const Real* x, Real t, Real factor,
                                                     Real* g, int)
      -> decltype(f.add_gradient(d, x, t, factor, g)) {
    f.add_gradient(d, x, t, factor, g);
  }
  template <class F>
  static KOKKOS_INLINE_FUNCTION void add_gradient_of(const F& f, int d, const Real* x, Real, Real factor,
                                                     Real* g, long) {
    f.add_gradient(d, x, factor, g);
  }

  Functor functor_;
};

/// 1/2 (x - c)' A (x - c) with A as given: its antisymmetric part does not matter.
struct QuadraticFunctor {
  Vector<Real> centre;
  Matrix<Real> stiffness;  // symmetric part of A
  KOKKOS_INLINE_FUNCTION Real value(int d, const Real* x) const {
    Real sum = 0;
    for (int a = 0; a < d; ++a)
      for (int b = 0; b < d; ++b) sum += (x[a] - centre(a)) * stiffness(a, b) * (x[b] - centre(b));
    return 0.5 * sum;
  }
  KOKKOS_INLINE_FUNCTION void add_gradient(int d, const Real* x, Real factor, Real* g) const {
    for (int b = 0; b < d; ++b) {
      const Real r = factor * (x[b] - centre(b));
      for (int a = 0; a < d; ++a) g[a] += stiffness(a, b) * r;
    }
  }
};

Vector<Real> on_device(const std::vector<Real>& values, const char* label);
/// The symmetric part of a row-major d x d matrix.
Matrix<Real> symmetric_part(const std::vector<Real>& matrix, Index d, const char* label);

/// Checks that a named functional can live in this dimension.
void check_dimension(int least, Index dimension, const std::string& name, const std::string& where);

}  // namespace weir
