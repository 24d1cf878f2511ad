// How a block of particles moves by one step of size h, given its velocity v and temperature T.
//
//     langevin              X' = X + h v + sqrt(2 T h) xi_n
//     leimkuhler_matthews   X' = X + h v + sqrt(2 T h) (xi_n + xi_{n+1}) / 2
//     tamed_langevin        X' = X + h v / (1 + h |v|) + sqrt(2 T h) xi_n
//
// The first (Euler-Maruyama) has weak order 1, the stationary law of the second order 2; the third is for
// drifts that grow fast.
// xi_n is drawn by (particle, n): nothing is remembered between steps.
// Sources: Leimkuhler, Matthews, Appl. Math. Res. Express 2013(1), 34; Hutzenthaler, Jentzen, Kloeden,
// Ann. Appl. Probab. 22, 1611 (2012).
#pragma once

#include <string>
#include <vector>

#include "weir/flows/Rule.hpp"
#include "weir/parallel/Partition.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

class LangevinRule : public Rule {
 public:
  enum class Scheme { langevin, leimkuhler_matthews, tamed_langevin };
  static const std::vector<std::string>& names();
  static Scheme named(const std::string& name);
  /// Of a rank's particles, how many have their noise drawn at a time (about, for tiles that do not divide
  /// it).
  static Index noise_at_a_time(Index particles);

  /// Noise is drawn from `random` in single precision where `single`.
  LangevinRule(Scheme scheme, const Partition& partition, Index components, const Random& random,
               bool single);

  /// Not collective; the memory is empty.
  void advance(Index step, Real h, Real temperature, const MatrixRef<const Real>& v, const MatrixRef<Real>& x,
               const MatrixRef<Real>& memory) override;

  // Kernels, which nvcc takes in public functions only.
  /// Those tiles, whose particles are the columns of all views.
  template <class T>
  void move(const LocalTiles& tiles, const MatrixRef<T>& noise, const MatrixRef<T>& next_noise, Real h,
            Real temperature, const MatrixRef<const Real>& v, const MatrixRef<Real>& x);

 private:
  template <class T>
  void advance_with(const Matrix<T>& noise, const Matrix<T>& next_noise, Index step, Real h, Real temperature,
                    const MatrixRef<const Real>& v, const MatrixRef<Real>& x);

  Scheme scheme_;
  LocalTiles tiles_;
  Index first_;
  Random random_;
  Matrix<Real> noise_, next_noise_;
  Matrix<float> single_noise_, next_single_noise_;
};

}  // namespace weir
