// How a diffusion mixes data and noise, told by lambda = log(s^2 / a^2) in place of time.
//
//     u_t = a u + s eps,   a^2 = 1 / (1 + exp lambda),   s^2 = 1 - a^2
//
// Schedules differ in lambda(t), t from `earliest` to 1:
//
//     vp      lambda = log(exp B_t - 1),  B_t = b0 t + (b1 - b0) t^2 / 2,  b0 = .1, b1 = 20
//     cosine  lambda = 2 log tan(pi t / 2)
//     ve      lambda = 2 log sigma,  sigma = .01 (8000)^t: u + sigma eps, in units in which its variance is 1
//
// Sources: Song et al., ICLR 2021; Nichol, Dhariwal, ICML 2021; Kingma, Salimans, Poole, Ho, NeurIPS 2021.
#pragma once

#include <cmath>
#include <string>

#include "weir/base/Types.hpp"

namespace weir {

class NoiseSchedule {
 public:
  explicit NoiseSchedule(const std::string& name = "vp") : name_(name) {}

  Real lambda(Real t) const {
    if (name_ == "cosine") return 2 * std::log(std::tan(0.5 * M_PI * t));
    if (name_ == "ve") return 2 * (std::log(0.01) + t * std::log(8000.));
    const Real b0 = 0.1, b1 = 20, integral = b0 * t + (b1 - b0) * t * t / 2;
    return std::log(std::expm1(integral));
  }
  Real earliest() const { return name_ == "ve" ? 0 : name_ == "cosine" ? 0.005 : 1e-3; }
  Real latest() const { return name_ == "cosine" ? 0.995 : 1; }
  Real least() const { return lambda(earliest()); }
  Real largest() const { return lambda(latest()); }

 private:
  std::string name_;
};

/// a and s at lambda.
KOKKOS_INLINE_FUNCTION Real signal_at(Real lambda) {
  return sqrt(1 / (1 + exp(lambda)));
}
KOKKOS_INLINE_FUNCTION Real noise_at(Real lambda) {
  return sqrt(1 / (1 + exp(-lambda)));
}

/// What stands in -L(u) of q components beside (Z / 2) E l and a_T^2 |u|^2 / 2, so that it is -log p(u) where
/// the score is exact and the least lambda goes to minus infinity:
///     (q / 2) (log 2 pi + s_T^2 - log(s_T^2 / s_0^2))
inline Real bound_constant(const NoiseSchedule& schedule, Index q) {
  const Real last = noise_at(schedule.largest()), first = noise_at(schedule.least());
  return 0.5 * Real(q) * (std::log(2 * M_PI) + last * last - 2 * std::log(last / first));
}

}  // namespace weir
