#include "weir/flows/LangevinRule.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"

namespace weir {

const std::vector<std::string>& LangevinRule::names() {
  static const std::vector<std::string> all{"langevin", "leimkuhler_matthews", "tamed_langevin"};
  return all;
}

LangevinRule::Scheme LangevinRule::named(const std::string& name) {
  const auto found = std::find(names().begin(), names().end(), name);
  WEIR_CHECK(found != names().end(), "no rule {}", name);
  return Scheme(found - names().begin());
}

LangevinRule::LangevinRule(Scheme scheme, const Partition& partition, Index components, const Random& random,
                           bool single)
    : scheme_(scheme), tiles_(partition.local()), first_(partition.first_particle()), random_(random) {
  const Index particles = partition.local_particles();
  const Index next_particles = scheme == Scheme::leimkuhler_matthews ? particles : 0;
  if (single) {
    single_noise_ = Matrix<float>("Weir::LangevinRule::noise", components, particles);
    next_single_noise_ = Matrix<float>("Weir::LangevinRule::next_noise", components, next_particles);
  } else {
    noise_ = Matrix<Real>("Weir::LangevinRule::noise", components, particles);
    next_noise_ = Matrix<Real>("Weir::LangevinRule::next_noise", components, next_particles);
  }
}

void LangevinRule::advance(Index step, Real h, Real temperature, const MatrixRef<const Real>& v,
                           const MatrixRef<Real>& x, const MatrixRef<Real>&) {
  if (single_noise_.extent(0) > 0)
    advance_with<float>(single_noise_, next_single_noise_, step, h, temperature, v, x);
  else
    advance_with<Real>(noise_, next_noise_, step, h, temperature, v, x);
}

template <class T>
void LangevinRule::advance_with(const MatrixRef<T>& noise, const MatrixRef<T>& next_noise, Index step, Real h,
                                Real temperature, const MatrixRef<const Real>& v, const MatrixRef<Real>& x) {
  const bool noisy = temperature > 0, averaged = scheme_ == Scheme::leimkuhler_matthews,
             tamed = scheme_ == Scheme::tamed_langevin;
  if (noisy) fill_normals(noise, random_, first_, step);
  if (noisy && averaged) fill_normals(next_noise, random_, first_, step + 1);
  const Real amplitude = sqrt(2 * temperature * h);
  const Index d = Index(x.extent(0));
  for_each_tile(
      "Weir::LangevinRule::advance", tiles_, KOKKOS_LAMBDA(const Tile& tile) {
        for (Index i = tile.first; i < tile.first + tile.count; ++i) {
          Real step_size = h;
          if (tamed) {
            Real square = 0;
            for (Index c = 0; c < d; ++c) square += v(c, i) * v(c, i);
            step_size = h / (1 + h * sqrt(square));
          }
          for (Index c = 0; c < d; ++c) {
            x(c, i) += step_size * v(c, i);
            if (noisy)
              x(c, i) += amplitude *
                         (averaged ? 0.5 * (Real(noise(c, i)) + Real(next_noise(c, i))) : Real(noise(c, i)));
          }
        }
      });
}

}  // namespace weir
