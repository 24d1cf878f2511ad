// The embedded input h_0 of a network and the way derivatives take through it.
//
//     s_j = sin(w_j t), c_j = cos(w_j t), w_j = pi 2^j / horizon, in place of t; without frequencies h_0 = x
#pragma once

#include "networks/Passes.hpp"

namespace weir {
namespace passes {

struct Embedding {
  Index space;        ///< components that go in as they are
  Index frequencies;  ///< 0: nothing but those
  Real horizon;

  KOKKOS_INLINE_FUNCTION Index rows() const { return space + 2 * frequencies; }
  KOKKOS_INLINE_FUNCTION Real frequency(Index j) const {
    return 3.14159265358979323846 / horizon * Real(Index(1) << j);
  }
};

/// h = embedding of x
template <class T>
void embed(const Embedding& embedding, const MatrixRef<const T>& x, const Matrix<T>& h) {
  const Embedding e = embedding;
  for_columns(
      "Weir::Mlp::embed", Index(x.extent(1)), KOKKOS_LAMBDA(Index column) {
        for (Index i = 0; i < e.space; ++i) h(i, column) = x(i, column);
        for (Index j = 0; j < e.frequencies; ++j) {
          const Real turns = Real(x(e.space, column)) / e.horizon / 2 * Real(Index(1) << j);
          Real sine, cosine;
          fast_sincos_turns(turns - floor(turns), sine, cosine);
          h(e.space + j, column) = T(sine);
          h(e.space + e.frequencies + j, column) = T(cosine);
        }
      });
}

/// h_dot = (d h / d x) u
template <class T>
void push_through_embedding(const Embedding& embedding, const Matrix<T>& h, const MatrixRef<const T>& u,
                            const Matrix<T>& h_dot) {
  const Embedding e = embedding;
  for_columns(
      "Weir::Mlp::push_through_embedding", Index(u.extent(1)), KOKKOS_LAMBDA(Index column) {
        for (Index i = 0; i < e.space; ++i) h_dot(i, column) = u(i, column);
        for (Index j = 0; j < e.frequencies; ++j) {
          const Index sine = e.space + j, cosine = sine + e.frequencies;
          const T rate = T(e.frequency(j)) * u(e.space, column);
          h_dot(sine, column) = rate * h(cosine, column);
          h_dot(cosine, column) = -rate * h(sine, column);
        }
      });
}

/// x_bar = (d h / d x)' adjoint; where `u` is not empty plus the derivative of (d h / d x)' g along u.
template <class T>
void pull_through_embedding(const Embedding& embedding, const Matrix<T>& h, const T* adjoint, Index ld,
                            const Matrix<T>& g, const MatrixRef<const T>& u, const MatrixRef<T>& x_bar) {
  const Embedding e = embedding;
  const bool second = u.extent(1) > 0;
  for_columns(
      "Weir::Mlp::pull_through_embedding", Index(x_bar.extent(1)), KOKKOS_LAMBDA(Index column) {
        const T* p = adjoint ? adjoint + column * ld : nullptr;
        for (Index i = 0; i < e.space; ++i) x_bar(i, column) = p ? p[i] : T(0);
        if (e.frequencies == 0) return;
        Real sum = 0;
        for (Index j = 0; j < e.frequencies; ++j) {
          const Index sine = e.space + j, cosine = sine + e.frequencies;
          const Real w = e.frequency(j), s = h(sine, column), c = h(cosine, column);
          if (p) sum += w * (c * p[sine] - s * p[cosine]);
          if (second) sum -= w * w * u(e.space, column) * (s * g(sine, column) + c * g(cosine, column));
        }
        x_bar(e.space, column) = T(sum);
      });
}

}  // namespace passes
}  // namespace weir
