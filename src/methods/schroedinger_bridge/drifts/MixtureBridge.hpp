// A bridge whose potential is a Gaussian mixture (LightSB), in closed form; eps = sigma^2.
//
//     v(y) = sum_k alpha_k N(y; r_k, eps S_k),  S_k diagonal
//     c(x) = sum_k alpha_k exp((x'S_k x + 2 r_k'x) / (2 eps))
//     y | x: component k with probability ~ its term of c(x), then y ~ N(r_k + S_k x, eps S_k)
//     E[Z_1 | Z_t = x] = sum_k softmax(w)_k m_k,   P_k = (t / (1-t) + S_k^-1) / eps,
//     q_k = (x / (1-t) + S_k^-1 r_k) / eps,   m_k = q_k / P_k,
//     log w_k = log alpha_k - 1/2 log|S_k| - 1/2 log|P_k| - r_k'S_k^-1 r_k / (2 eps) + 1/2 q_k'm_k
//
// Fitted by minimising E_x log c(x) - E_y log v(y). Source: Korotin, Gushchin, Burnaev, "Light Schroedinger
// bridge", ICLR 2024.
#pragma once

#include <string>
#include <vector>

#include "methods/schroedinger_bridge/drifts/BridgeDrift.hpp"
#include "weir/base/Hdf5File.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

/// Parameters in one vector: K of log alpha, then r and log S of each component (d numbers each).
struct MixturePotential {
  Index components = 0, dimension = 0;
  Real epsilon = 1;
  Vector<Real> parameters, shapes;  ///< shapes: S, from log S by find_shapes()

  MixturePotential(Index count, Index d, Real eps)
      : components(count),
        dimension(d),
        epsilon(eps),
        parameters("Weir::MixturePotential::parameters", count * (1 + 2 * d)),
        shapes("Weir::MixturePotential::shapes", count * d) {}
  /// Collective.
  void save(Hdf5File& file, const std::string& group) const;
  static MixturePotential read(const Hdf5File& file, const std::string& group);

  /// To be called when parameters have been written.
  void find_shapes() const;
  static Index size(Index components, Index dimension) { return components * (1 + 2 * dimension); }
  KOKKOS_INLINE_FUNCTION Real log_weight(Index k) const { return parameters(k); }
  KOKKOS_INLINE_FUNCTION Real centre(Index k, Index c) const {
    return parameters(components + k * dimension + c);
  }
  KOKKOS_INLINE_FUNCTION Real log_shape(Index k, Index c) const {
    return parameters(components * (1 + dimension) + k * dimension + c);
  }
  KOKKOS_INLINE_FUNCTION Real shape(Index k, Index c) const { return shapes(k * dimension + c); }
};

/// Not collective; nothing but the columns at hand is looked at.
/// log c(x) and log v(y) of the columns; terms(k, i): shares of the components.
void log_c(const MixturePotential& potential, const MatrixRef<const Real>& x, const VectorRef<Real>& value,
           const MatrixRef<Real>& shares);
void log_v(const MixturePotential& potential, const MatrixRef<const Real>& y, const VectorRef<Real>& value,
           const MatrixRef<Real>& shares);
/// E[Z_1 | Z_t = x] - x.
void mixture_displacement(const MixturePotential& potential, Real t, const MatrixRef<const Real>& x,
                          const MatrixRef<Real>& to_end);
/// y given x, counted by first_id + column.
void draw_mixture(const MixturePotential& potential, const Random& random, Index first_id,
                  const MatrixRef<const Real>& x, const MatrixRef<Real>& y);

class MixtureDrift : public BridgeDrift {
 public:
  explicit MixtureDrift(const MixturePotential& potential) : potential_(potential) {}
  void displacement(Real t, const MatrixRef<const Real>& z, const MatrixRef<Real>& to_end) override {
    mixture_displacement(potential_, t, z, to_end);
    Kokkos::fence();
  }

 private:
  MixturePotential potential_;
};

}  // namespace weir
