// Point clouds for the tests of transport, the same on every machine.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "weir/transport/Points.hpp"

namespace weir::testing_clouds {

/// Owns its points and passes for them.
struct Cloud {
  std::vector<Real> values;
  Index dimension;
  operator Points() const { return {values.data(), Index(values.size()) / dimension, dimension}; }
};

/// In [0, 1), by the splitmix64 generator.
inline Real uniform_number(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return Real((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

inline Cloud uniform_cloud(Index count, Index dimension, std::uint64_t seed, Real scale = 1) {
  Cloud cloud{std::vector<Real>(count * dimension), dimension};
  for (Real& value : cloud.values) value = scale * uniform_number(seed);
  return cloud;
}

inline Cloud normal_cloud(Index count, Index dimension, std::uint64_t seed, Real mean = 0,
                          Real deviation = 1) {
  Cloud cloud{std::vector<Real>(count * dimension), dimension};
  for (Real& value : cloud.values) {
    const Real radius = std::sqrt(-2 * std::log1p(-uniform_number(seed)));
    value = mean + deviation * radius * std::cos(2 * M_PI * uniform_number(seed));
  }
  return cloud;
}

/// Integer points of a small lattice: many of them several times.
inline Cloud lattice_cloud(Index count, Index dimension, std::uint64_t seed, Real side = 6) {
  Cloud cloud = uniform_cloud(count, dimension, seed, side);
  for (Real& value : cloud.values) value = std::floor(value);
  return cloud;
}

inline Cloud moved(Cloud cloud, const std::vector<Real>& shift) {
  for (std::size_t k = 0; k < cloud.values.size(); ++k) cloud.values[k] += shift[k % cloud.dimension];
  return cloud;
}

inline Real cost_between(Points x, Index i, Points y, Index j, TransportCost cost) {
  Real square = 0;
  for (Index k = 0; k < x.dimension; ++k) square += (x[i][k] - y[j][k]) * (x[i][k] - y[j][k]);
  return cost == TransportCost::distance ? std::sqrt(square) : square;
}

}  // namespace weir::testing_clouds
