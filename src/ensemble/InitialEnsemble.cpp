#include "weir/ensemble/InitialEnsemble.hpp"

#include <algorithm>
#include <cmath>

#include "ensemble/CovarianceFactor.hpp"
#include "weir/base/Error.hpp"
#include "weir/base/Lapack.hpp"
#include "weir/input/DataFile.hpp"

namespace weir {

void describe(Section& section, NormalOptions& options) {
  section.option("mean", options.mean, "mean: a number or one per component").unit("length");
  section.option("covariance", options.covariance, "covariance: a number, a diagonal or rows")
      .unit("length^2");
}
void describe(Section& section, UniformOptions& options) {
  section.option("low", options.low, "least coordinates: a number or one per component").unit("length");
  section.option("high", options.high, "largest coordinates").unit("length");
}
void describe(Section& section, BarenblattOptions& options) {
  section.option("exponent", options.exponent, "m of the porous medium equation").above(1);
  section.option("time", options.time, "time t at which the solution is taken").unit("time").above(0);
}
void describe(Section& section, FileEnsembleOptions& options) {
  describe(section, static_cast<DataOptions&>(options));
}

void describe(Section& section, InitialOptions& options) {
  if (section.reading()) options.where = section.path();
  section.option("particles", options.particles, "number of particles N (a file has its own)").at_least(1);
  section.option("dimension", options.dimension, "number of components d (a file has its own)").at_least(1);
  section.one_of(options.law, "law of the ensemble");
}

namespace {

constexpr Real pi = 3.14159265358979323846;

/// Volume of the unit ball.
Real ball_volume(Index d) {
  return std::pow(pi, 0.5 * Real(d)) / std::tgamma(0.5 * Real(d) + 1);
}

struct BarenblattConstants {
  Real a, k, c;
};
BarenblattConstants barenblatt_constants(Real m, Index dimension) {
  const Real d = Real(dimension), b = 1 / (m - 1);
  const Real a = d / (d * (m - 1) + 2), k = a * (m - 1) / (2 * m * d);
  // Mass = |B| d int_0^inf (C - k r^2)_+^b r^(d-1) dr = |B| (d/2) C^(b + d/2) k^(-d/2) Beta(d/2, b + 1) = 1
  const Real beta = std::exp(std::lgamma(d / 2) + std::lgamma(b + 1) - std::lgamma(d / 2 + b + 1));
  const Real unit = ball_volume(dimension) * d / 2 * std::pow(k, -d / 2) * beta;
  return {a, k, std::pow(unit, -1 / (b + d / 2))};
}

/// Quantiles of the radius relative to R, whose density is proportional to r^(d-1) (1 - r^2)^(1/(m-1)).
class RadialQuantiles {
 public:
  RadialQuantiles(Real m, Index d) : cumulative_(points + 1, 0) {
    const auto density = [&](Real r) {
      return std::pow(r, Real(d - 1)) * std::pow(std::max(1 - r * r, Real(0)), 1 / (m - 1));
    };
    const Real h = 1. / points;
    for (int i = 0; i < points; ++i)  // Simpson's rule on every interval
      cumulative_[i + 1] =
          cumulative_[i] + h / 6 * (density(i * h) + 4 * density((i + 0.5) * h) + density((i + 1) * h));
  }
  Real operator()(Real fraction) const {
    const Real mass = fraction * cumulative_.back();
    const auto above = std::upper_bound(cumulative_.begin(), cumulative_.end(), mass);
    const auto i = std::clamp<std::ptrdiff_t>(above - cumulative_.begin() - 1, 0, points - 1);
    return (Real(i) + (mass - cumulative_[i]) / (cumulative_[i + 1] - cumulative_[i])) / points;
  }

 private:
  static constexpr int points = 1 << 14;
  std::vector<Real> cumulative_;
};

struct Fill {
  Ensemble& ensemble;
  HostMirrorOf<Matrix<Real>> x;  // components x local particles
  Index first;
  Random random;
  Index draw;
  const std::string& where;

  Index d() const { return Index(x.extent(0)); }
  Index count() const { return Index(x.extent(1)); }

  void operator()(const NormalOptions& options) const {
    const std::string key = where + ".normal.covariance";
    const auto mean = options.mean.resolve(d(), where + ".normal.mean");
    const CovarianceFactor factor(options.covariance.resolve(d(), key), d(), key);
    std::vector<Real> normals(d());
    for (Index i = 0; i < count(); ++i) {
      for (Index b = 0; b < d(); ++b) normals[b] = random.normal(first + i, draw, b);
      for (Index a = 0; a < d(); ++a) x(a, i) = factor.add_row(a, normals, mean[a]);
    }
  }
  void operator()(const UniformOptions& options) const {
    const auto low = options.low.resolve(d(), where + ".uniform.low"),
               high = options.high.resolve(d(), where + ".uniform.high");
    for (Index c = 0; c < d(); ++c)
      if (!(high[c] > low[c]))
        throw InputError(where + ".uniform.high",
                         fmt::format("found {} where low is {}; allowed: above low", high[c], low[c]));
    for (Index i = 0; i < count(); ++i)
      for (Index c = 0; c < d(); ++c)
        x(c, i) = low[c] + (high[c] - low[c]) * random.uniform(first + i, draw, c);
  }
  // Radii at quantiles; directions: both sides of the line, the golden angle in the plane, random beyond.
  void operator()(const BarenblattOptions& options) const {
    const RadialQuantiles quantile(options.exponent, d());
    const Real radius = barenblatt_radius(options.exponent, d(), options.time);
    const Real golden = pi * (3 - std::sqrt(5.));
    const Index particles = ensemble.particles();
    for (Index i = 0; i < count(); ++i) {
      const Index id = first + i;
      const Real fraction = (Real(id) + 0.5) / Real(particles);
      if (d() == 1) {
        const Real side = fraction < 0.5 ? -1 : 1;
        x(0, i) = side * radius * quantile(std::fabs(2 * fraction - 1));
      } else if (d() == 2) {
        const Real r = radius * quantile(fraction), angle = golden * Real(id);
        x(0, i) = r * std::cos(angle);
        x(1, i) = r * std::sin(angle);
      } else {
        Real square = 0;
        for (Index c = 0; c < d(); ++c) {
          x(c, i) = random.normal(id, draw, c);
          square += x(c, i) * x(c, i);
        }
        const Real scale = radius * quantile(fraction) / std::sqrt(square);
        for (Index c = 0; c < d(); ++c) x(c, i) *= scale;
      }
    }
  }
  void operator()(const FileEnsembleOptions& options) const {
    // A row of the file is a particle, and a particle is contiguous.
    if (count() > 0) open_data(options)->read(first, count(), x.data());
  }
};

}  // namespace

Real barenblatt_radius(Real exponent, Index dimension, Real time) {
  const auto constants = barenblatt_constants(exponent, dimension);
  return std::sqrt(constants.c / constants.k) * std::pow(time, constants.a / Real(dimension));
}

Real barenblatt_second_moment(Real exponent, Index dimension, Real time) {
  // |x|^2 / R^2 has the law Beta(d/2, 1 + 1/(m-1)).
  const Real radius = barenblatt_radius(exponent, dimension, time), d = Real(dimension);
  return radius * radius * (d / 2) / (d / 2 + 1 + 1 / (exponent - 1));
}

EnsembleShape shape_of(const InitialOptions& options) {
  if (const auto* file = std::get_if<FileEnsembleOptions>(&options.law)) {
    const auto data = open_data(*file);
    const EnsembleShape shape{data->rows(), data->columns()};
    if (data->axes() > 2 && !file->columns)
      throw InputError(options.where + ".file",
                       fmt::format("has the shape {}; an initial ensemble has two axes, particles and "
                                   "components: save one slice of it, or give `columns` to take all that "
                                   "follows the first axis for components",
                                   data->shape()));
    if (options.particles && *options.particles != shape.particles)
      throw InputError(options.where + ".particles",
                       fmt::format("found {}, and the file has {} rows; leave it out", *options.particles,
                                   shape.particles));
    if (options.dimension && *options.dimension != shape.dimension)
      throw InputError(
          options.where + ".dimension",
          fmt::format("found {}, and the file's rows have {} columns; leave it out, or choose `columns`",
                      *options.dimension, shape.dimension));
    return shape;
  }
  if (!options.particles)
    throw InputError(options.where + ".particles",
                     "is missing; a law does not say how many particles to draw");
  if (!options.dimension)
    throw InputError(options.where + ".dimension",
                     "is missing; a law does not say how many components a particle has");
  return {*options.particles, *options.dimension};
}

void close_files(const InitialOptions& options) {
  if (const auto* file = std::get_if<FileEnsembleOptions>(&options.law)) close_data(*file);
}

InitialOptions smaller(InitialOptions options, Index particles) {
  if (options.particles && !std::holds_alternative<FileEnsembleOptions>(options.law))
    options.particles = std::min(*options.particles, particles);
  return options;
}

Ensemble make_ensemble(const InitialOptions& options, const Communicator& comm, Index tile, Index seed,
                       Index draw) {
  EnsembleShape shape{};
  comm.agree([&] { shape = shape_of(options); });
  Ensemble ensemble(comm, shape.particles, shape.dimension, tile);
  const auto host = Kokkos::create_mirror_view(ensemble.x);
  comm.agree([&] {
    std::visit(Fill{ensemble, host, ensemble.partition.first_particle(),
                    Random(seed, Stream::initial_ensemble), draw, options.where},
               options.law);
  });
  Kokkos::deep_copy(ensemble.x, host);
  return ensemble;
}

}  // namespace weir
