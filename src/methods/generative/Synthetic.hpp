// Data sets of the literature, drawn row by row: a row is a pure function of the seed, the set and its
// number.
//
//     data: {synthetic: {moons: {count: 20000, noise: 0.1}}}       rows are scale * drawn + shift
//
// u uniform, xi standard normal:
//
//     normal           xi in `dimension` components
//     moons            half (cos t, sin t), half (1 - cos t, .5 - sin t), t ~ u[0, pi], + noise xi
//     pinwheel         f = (1 + .3 xi, .1 xi), turned by 2 pi c / 5 + .25 exp(f_1), times 2; five arms c
//     rings            radius .75 k, k = 1 .. 4, + noise xi
//     checkerboard     a ~ u[-2, 2], b = u[0, 1] - (0 or 2), x = 2 (a, b + floor(a) mod 2)
//     eight_gaussians  at angles k pi / 4 and distance `radius`, of standard deviation `deviation`
//     swiss_roll       t = 1.5 pi (1 + 2 u): (t cos t, t sin t) / 5 + noise xi;
//                      in space (t cos t, 21 u, t sin t) / 5
//     s_curve          t = 3 pi (u - .5): (sin t, sign(t) (cos t - 1)); in space with the height 2 u between
//     helix            (cos t, sin t, t / (2 pi)), t ~ u[0, 4 pi]
//     torus            of radii 2 and .7, uniform in both angles
//     lorenz           Lorenz's system (10, 28, 8/3) on its attractor, in units of its deviations
//     mueller_brown    Langevin chains in that potential, at `temperature`
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "weir/ensemble/Ensemble.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/input/Section.hpp"

namespace weir {

struct SyntheticOptions {
  static std::vector<std::string> keys();
  static constexpr const char* shorthand = "count";
  std::string name = "moons";
  Index count = 10000;
  VectorValue scale{1}, shift{0};
  std::optional<Real> noise;  ///< a standard deviation; else the set's own
  Real radius = 2.8284271247461903, deviation = 0.35355339059327373;  ///< eight_gaussians
  Index dimension = 2;                                                ///< normal, swiss_roll, s_curve
  Real temperature = 20;                                              ///< mueller_brown
  std::optional<Index> lift;  ///< components of a space that the set is turned into, by an isometry

  /// Components of a row.
  Index components() const;
};
void describe(Section& section, SyntheticOptions& options);

struct SyntheticData {
  static constexpr const char* key = "synthetic";
  static constexpr const char* doc = "drawn from a law of the literature";
  std::variant<SyntheticOptions> set;
  std::string where;

  const SyntheticOptions& options() const { return std::get<SyntheticOptions>(set); }
};
void describe(Section& section, SyntheticData& options);

/// Not collective: rows [first, first + count) of set number `draw`, row-major. Sets of different numbers are
/// independent; `size` is the number of rows of the whole set. Throws InputError where scale or shift do not
/// fit.
std::vector<Real> draw_synthetic(const SyntheticData& data, Index seed, Index draw, Index size, Index first,
                                 Index count);

/// Collective: set number `draw` as an ensemble of `size` rows.
Ensemble synthetic_ensemble(const SyntheticData& data, const Communicator& comm, const RunOptions& run,
                            Index draw, Index size);

}  // namespace weir
