#include "methods/generative/Synthetic.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "weir/base/Error.hpp"
#include "weir/parallel/Random.hpp"

namespace weir {

namespace {

constexpr Real pi = M_PI;

/// The numbers that one row is made of.
class RowDraws {
 public:
  RowDraws(const Random& random, Index row) : random_(random), row_(row) {}
  Real uniform(Real low = 0, Real high = 1) { return low + (high - low) * random_.uniform(row_, 0, draw_++); }
  Real normal() {
    Real first, second;
    random_.normals(row_, 0, draw_++, first, second);
    return first;
  }
  /// 0 .. count - 1
  Index choice(Index count) { return std::min(count - 1, Index(uniform() * Real(count))); }

 private:
  const Random& random_;
  Index row_, draw_ = 0;
};

void draw_normal(RowDraws& draws, Index dimension, Real* x) {
  for (Index c = 0; c < dimension; ++c) x[c] = draws.normal();
}

void draw_moons(RowDraws& draws, Real noise, Real* x) {
  const Real t = draws.uniform(0, pi);
  const bool upper = draws.choice(2) == 0;
  x[0] = (upper ? std::cos(t) : 1 - std::cos(t)) + noise * draws.normal();
  x[1] = (upper ? std::sin(t) : 0.5 - std::sin(t)) + noise * draws.normal();
}

void draw_pinwheel(RowDraws& draws, Real* x) {
  const Real arm = Real(draws.choice(5)), along = 1 + 0.3 * draws.normal(), across = 0.1 * draws.normal();
  const Real angle = 2 * pi * arm / 5 + 0.25 * std::exp(along);
  x[0] = 2 * (along * std::cos(angle) + across * std::sin(angle));
  x[1] = 2 * (-along * std::sin(angle) + across * std::cos(angle));
}

void draw_rings(RowDraws& draws, Real noise, Real* x) {
  const Real radius = 0.75 * Real(1 + draws.choice(4)), t = draws.uniform(0, 2 * pi);
  x[0] = radius * std::cos(t) + noise * draws.normal();
  x[1] = radius * std::sin(t) + noise * draws.normal();
}

void draw_checkerboard(RowDraws& draws, Real* x) {
  const Real a = draws.uniform(-2, 2), b = draws.uniform() - 2 * Real(draws.choice(2));
  const bool odd = Index(std::floor(a) + 4) % 2 == 1;
  x[0] = 2 * a;
  x[1] = 2 * (b + (odd ? 1 : 0));
}

void draw_eight_gaussians(RowDraws& draws, const SyntheticOptions& options, Real* x) {
  const Real angle = Real(draws.choice(8)) * pi / 4;
  x[0] = options.radius * std::cos(angle) + options.deviation * draws.normal();
  x[1] = options.radius * std::sin(angle) + options.deviation * draws.normal();
}

void draw_swiss_roll(RowDraws& draws, Real noise, Index dimension, Real* x) {
  const Real t = 1.5 * pi * (1 + 2 * draws.uniform()), height = 21 * draws.uniform();
  x[0] = t * std::cos(t) / 5;
  if (dimension == 3) x[1] = height / 5;
  x[dimension - 1] = t * std::sin(t) / 5;
  for (Index c = 0; c < dimension; ++c) x[c] += noise * draws.normal();
}

void draw_s_curve(RowDraws& draws, Real noise, Index dimension, Real* x) {
  const Real t = 3 * pi * (draws.uniform() - 0.5), height = 2 * draws.uniform();
  x[0] = std::sin(t);
  if (dimension == 3) x[1] = height;
  x[dimension - 1] = (t < 0 ? -1 : 1) * (std::cos(t) - 1);
  for (Index c = 0; c < dimension; ++c) x[c] += noise * draws.normal();
}

void draw_helix(RowDraws& draws, Real noise, Real* x) {
  const Real t = draws.uniform(0, 4 * pi);
  x[0] = std::cos(t) + noise * draws.normal();
  x[1] = std::sin(t) + noise * draws.normal();
  x[2] = t / (2 * pi) + noise * draws.normal();
}

void draw_torus(RowDraws& draws, Real noise, Real* x) {
  const Real along = draws.uniform(0, 2 * pi), around = draws.uniform(0, 2 * pi);
  const Real radius = 2 + 0.7 * std::cos(around);
  x[0] = radius * std::cos(along) + noise * draws.normal();
  x[1] = radius * std::sin(along) + noise * draws.normal();
  x[2] = 0.7 * std::sin(around) + noise * draws.normal();
}

using Vector3 = std::array<Real, 3>;

Vector3 lorenz_velocity(const Vector3& x) {
  return {10 * (x[1] - x[0]), x[0] * (28 - x[2]) - x[1], x[0] * x[1] - 8. / 3 * x[2]};
}

/// A step of the classical Runge-Kutta method.
Vector3 lorenz_step(const Vector3& x, Real h) {
  const auto moved = [&](const Vector3& v, Real by) {
    return Vector3{x[0] + by * v[0], x[1] + by * v[1], x[2] + by * v[2]};
  };
  const Vector3 a = lorenz_velocity(x), b = lorenz_velocity(moved(a, h / 2)),
                c = lorenz_velocity(moved(b, h / 2)), d = lorenz_velocity(moved(c, h));
  Vector3 next = x;
  for (int i = 0; i < 3; ++i) next[i] += h / 6 * (a[i] + 2 * b[i] + 2 * c[i] + d[i]);
  return next;
}

/// Rows lie along 64 trajectories, one after the other: a rank follows those that its rows are on.
void follow_lorenz(const Random& random, Index size, Index first, Index count, Real* rows) {
  constexpr Index trajectories = 64, dropped = 1500, spacing = 30;
  const Index per_trajectory = (size + trajectories - 1) / trajectories;
  for (Index row = first; row < first + count;) {
    const Index trajectory = row / per_trajectory, begin = trajectory * per_trajectory;
    const Index end = std::min(first + count, begin + per_trajectory);
    RowDraws draws(random, trajectory);
    Vector3 x{5 * draws.normal(), 5 * draws.normal(), 25 + 5 * draws.normal()};
    for (Index step = 0; step < dropped; ++step) x = lorenz_step(x, 0.01);
    for (Index k = begin; k < end; ++k) {
      if (k >= row) {
        Real* out = rows + (k - first) * 3;
        out[0] = x[0] / 7.92;
        out[1] = x[1] / 9.01;
        out[2] = (x[2] - 23.55) / 8.63;
      }
      for (Index step = 0; step < spacing; ++step) x = lorenz_step(x, 0.01);
    }
    row = end;
  }
}

/// -grad of the potential of Mueller and Brown, Theor. Chim. Acta 53, 75 (1979).
void mueller_brown_force(const Real* x, Real* force) {
  constexpr Real height[] = {-200, -100, -170, 15}, a[] = {-1, -1, -6.5, 0.7}, b[] = {0, 0, 11, 0.6},
                 c[] = {-10, -10, -6.5, 0.7}, x0[] = {1, 0, -0.5, -1}, y0[] = {0, 0.5, 1.5, 1};
  force[0] = force[1] = 0;
  for (int k = 0; k < 4; ++k) {
    const Real u = x[0] - x0[k], v = x[1] - y0[k];
    const Real term = height[k] * std::exp(a[k] * u * u + b[k] * u * v + c[k] * v * v);
    force[0] -= term * (2 * a[k] * u + b[k] * v);
    force[1] -= term * (b[k] * u + 2 * c[k] * v);
  }
}

/// A chain of its own for every row, from one of the three minima.
void draw_mueller_brown(const Random& chains, RowDraws& draws, Index row, Real temperature, Real* x) {
  constexpr Real minima[3][2] = {{-0.558, 1.442}, {0.623, 0.028}, {-0.05, 0.467}};
  constexpr Index steps = 2000;
  constexpr Real h = 1e-4;
  const Index start = draws.choice(3);
  const Real size = std::sqrt(2 * temperature * h);
  x[0] = minima[start][0];
  x[1] = minima[start][1];
  for (Index step = 0; step < steps; ++step) {
    Real force[2], first, second;
    mueller_brown_force(x, force);
    chains.normals(row, step, 0, first, second);
    x[0] += h * force[0] + size * first;
    x[1] += h * force[1] + size * second;
  }
}

Real own_noise(const std::string& name) {
  if (name == "moons") return 0.1;
  if (name == "rings") return 0.08;
  return name == "swiss_roll" ? 0.2 : 0;
}

bool takes_noise(const std::string& name) {
  static const std::vector<std::string> names{"moons", "rings", "swiss_roll", "s_curve", "helix", "torus"};
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool takes_dimension(const std::string& name) {
  return name == "normal" || name == "swiss_roll" || name == "s_curve";
}

/// Components before the set is lifted.
Index own_components(const SyntheticOptions& options) {
  if (takes_dimension(options.name)) return options.dimension;
  const bool in_space = options.name == "helix" || options.name == "torus" || options.name == "lorenz";
  return in_space ? 3 : 2;
}

/// Orthonormal rows (own components x lifted components): a random frame by Gram and Schmidt.
std::vector<Real> frame(const SyntheticOptions& options, Index seed) {
  const Index own = own_components(options), lifted = options.components();
  const Random random(seed, Stream::synthetic_rows, -1);
  std::vector<Real> rows(std::size_t(own * lifted));
  for (Index r = 0; r < own; ++r) {
    Real* row = &rows[std::size_t(r * lifted)];
    for (Index c = 0; c < lifted; ++c) row[c] = random.normal(r, 0, c);
    for (Index before = 0; before <= r; ++before) {
      const Real* other = &rows[std::size_t(before * lifted)];
      Real product = 0;
      for (Index c = 0; c < lifted; ++c) product += row[c] * other[c];
      if (before < r)
        for (Index c = 0; c < lifted; ++c) row[c] -= product * other[c];
      else
        for (Index c = 0; c < lifted; ++c) row[c] /= std::sqrt(product);
    }
  }
  return rows;
}

}  // namespace

std::vector<std::string> SyntheticOptions::keys() {
  return {"normal",     "moons",   "pinwheel", "rings", "checkerboard", "eight_gaussians",
          "swiss_roll", "s_curve", "helix",    "torus", "lorenz",       "mueller_brown"};
}

Index SyntheticOptions::components() const {
  return lift.value_or(own_components(*this));
}

void describe(Section& section, SyntheticOptions& options) {
  section.option("count", options.count, "rows, before the split").at_least(4);
  section.option("scale", options.scale, "value = scale * drawn + shift; not 0");
  section.option("shift", options.shift, "value = scale * drawn + shift");
  if (takes_noise(options.name))
    section.option("noise", options.noise, "standard deviation about the curve; by default the set's own")
        .at_least(0);
  if (options.name == "eight_gaussians") {
    section.option("radius", options.radius, "distance of the eight from the origin").above(0);
    section.option("deviation", options.deviation, "standard deviation of each").above(0);
  }
  if (takes_dimension(options.name))
    section.option("dimension", options.dimension, "components of a row; of a surface 2 or 3")
        .at_least(options.name == "normal" ? 1 : 2)
        .at_most(options.name == "normal" ? 4096 : 3);
  if (options.name == "mueller_brown")
    section.option("temperature", options.temperature, "of the chains").above(0);
  section
      .option("lift", options.lift,
              "components of a space that the set is turned into by a random isometry; by default it stays")
      .at_least(2);
  if (!section.reading()) return;
  const auto& scales = options.scale.values;
  if (std::find(scales.begin(), scales.end(), 0) != scales.end())
    section.error("scale", "found 0, which makes all rows equal; allowed: any other number");
  if (options.lift && *options.lift < own_components(options))
    section.error("lift", fmt::format("found {}; allowed: {} at least, the components of {}", *options.lift,
                                      own_components(options), options.name));
}

void describe(Section& section, SyntheticData& options) {
  if (section.reading()) options.where = section.path();
  section.one_of(options.set, "the law of the rows");
}

std::vector<Real> draw_synthetic(const SyntheticData& data, Index seed, Index draw, Index size, Index first,
                                 Index count) {
  const SyntheticOptions& options = data.options();
  const Index own = own_components(options), components = options.components();
  const std::string where = data.where + "." + options.name;
  const auto scale = options.scale.resolve(components, where + ".scale");
  const auto shift = options.shift.resolve(components, where + ".shift");
  const Random random(seed, Stream::synthetic_rows, int(draw)),
      chains(seed, Stream::synthetic_chains, int(draw));
  const Real noise = options.noise.value_or(own_noise(options.name));
  std::vector<Real> drawn(std::size_t(count * own));
  if (options.name == "lorenz") follow_lorenz(random, size, first, count, drawn.data());
  for (Index i = 0; i < count && options.name != "lorenz"; ++i) {
    RowDraws draws(random, first + i);
    Real* x = &drawn[std::size_t(i * own)];
    if (options.name == "normal") draw_normal(draws, own, x);
    if (options.name == "moons") draw_moons(draws, noise, x);
    if (options.name == "pinwheel") draw_pinwheel(draws, x);
    if (options.name == "rings") draw_rings(draws, noise, x);
    if (options.name == "checkerboard") draw_checkerboard(draws, x);
    if (options.name == "eight_gaussians") draw_eight_gaussians(draws, options, x);
    if (options.name == "swiss_roll") draw_swiss_roll(draws, noise, own, x);
    if (options.name == "s_curve") draw_s_curve(draws, noise, own, x);
    if (options.name == "helix") draw_helix(draws, noise, x);
    if (options.name == "torus") draw_torus(draws, noise, x);
    if (options.name == "mueller_brown") draw_mueller_brown(chains, draws, first + i, options.temperature, x);
  }
  const std::vector<Real> axes = options.lift ? frame(options, seed) : std::vector<Real>();
  std::vector<Real> rows(std::size_t(count * components));
  for (Index i = 0; i < count; ++i)
    for (Index c = 0; c < components; ++c) {
      Real value = axes.empty() ? drawn[std::size_t(i * own + c)] : 0;
      for (Index r = 0; r < own && !axes.empty(); ++r)
        value += drawn[std::size_t(i * own + r)] * axes[std::size_t(r * components + c)];
      rows[std::size_t(i * components + c)] = scale[std::size_t(c)] * value + shift[std::size_t(c)];
    }
  return rows;
}

Ensemble synthetic_ensemble(const SyntheticData& data, const Communicator& comm, const RunOptions& run,
                            Index draw, Index size) {
  Ensemble ensemble(comm, size, data.options().components(), run.tile);
  comm.agree([&] {
    const auto rows = draw_synthetic(data, run.seed, draw, size, ensemble.partition.first_row(),
                                     ensemble.partition.local_rows());
    const auto host = Kokkos::create_mirror_view(ensemble.x);
    std::copy(rows.begin(), rows.end(), host.data());
    Kokkos::deep_copy(ensemble.x, host);
  });
  return ensemble;
}

}  // namespace weir
