#include "weir/transport/Sinkhorn.hpp"

#include <algorithm>
#include <cmath>

#include "transport/SinkhornKernels.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Moments.hpp"
#include "weir/ensemble/PairSum.hpp"

namespace weir {

namespace {

using namespace detail;

/// One cloud with its weights and potential.
class Side {
 public:
  Side(const Ensemble& ensemble, const Vector<Real>& weights, const std::vector<Real>& centre)
      : ensemble_(ensemble),
        centred_("Weir::Sinkhorn::centred", ensemble.components(), ensemble.x.extent(1)),
        scaled_("Weir::Sinkhorn::scaled", ensemble.components() + 1, ensemble.x.extent(1)),
        weight_("Weir::Sinkhorn::weight", ensemble.x.extent(1)),
        potential_("Weir::Sinkhorn::potential", ensemble.x.extent(1)),
        balanced_("Weir::Sinkhorn::balanced", ensemble.x.extent(1)),
        sums_("Weir::Sinkhorn::sums", 1, ensemble.x.extent(1)),
        total_(ensemble.comm, ensemble.partition, 1) {
    centre_points(centre);
    normalise_weights(weights);
  }

  const Ensemble& ensemble() const { return ensemble_; }
  const Matrix<Real>& scaled() const { return scaled_; }
  const Vector<Real>& weight() const { return weight_; }
  const Matrix<Real>& sums() const { return sums_; }
  /// The potential of the centred clouds.
  const Vector<Real>& potential() const { return potential_; }
  /// What the potential must be for this side's marginal to be exact.
  const Vector<Real>& balanced() const { return balanced_; }

  void as_target(Real epsilon, Real scale) { set_scaled(epsilon, scale, 1, false); }
  void as_source(Real epsilon, Real scale) { set_scaled(epsilon, scale, -1, true); }

  // Kernels, which nvcc takes in public functions only, and not in constructors.
  void centre_points(const std::vector<Real>& centre) {
    const auto x = ensemble_.x, centred = centred_;
    for (Index c = 0; c < ensemble_.components(); ++c) {
      const Real middle = centre[c];
      each(KOKKOS_LAMBDA(Index i) { centred(c, i) = x(c, i) - middle; });
    }
  }
  void normalise_weights(const Vector<Real>& weights) {
    const auto weight = weight_;
    const bool given = weights.extent(0) > 0 || ensemble_.x.extent(1) == 0;
    WEIR_CHECK(!given || weights.extent(0) == ensemble_.x.extent(1), "{} weights for {} points",
               weights.extent(0), ensemble_.x.extent(1));
    each(KOKKOS_LAMBDA(Index i) { weight(i) = given ? weights(i) : 1; });
    const Real sum = total([weight] KOKKOS_FUNCTION(Index i) { return weight(i); }, "the weights");
    const Index bad =
        ensemble_.comm.sum(count_where([weight] KOKKOS_FUNCTION(Index i) { return !(weight(i) > 0); }));
    WEIR_CHECK(bad == 0, "{} weights are not positive", bad);
    each(KOKKOS_LAMBDA(Index i) { weight(i) /= sum; });
  }
  void set_scaled(Real epsilon, Real scale, Real sign, bool weighted) {
    const auto centred = centred_, scaled = scaled_;
    const auto potential = potential_, weight = weight_;
    const Index d = ensemble_.components();
    each(KOKKOS_LAMBDA(Index i) {
      for (Index c = 0; c < d; ++c) scaled(c, i) = scale * centred(c, i);
      scaled(d, i) = sign * (potential(i) / epsilon + (weighted ? log(weight(i)) : 0));
    });
  }
  /// Component c of the points.
  Kokkos::MinMaxScalar<Real> bounds(Index c) const {
    const auto x = ensemble_.x;
    Kokkos::MinMaxScalar<Real> bounds;
    Kokkos::parallel_reduce(
        "Weir::Sinkhorn::bounds", range(),
        KOKKOS_LAMBDA(Index i, Kokkos::MinMaxScalar<Real> & found) {
          found.min_val = x(c, i) < found.min_val ? x(c, i) : found.min_val;
          found.max_val = x(c, i) > found.max_val ? x(c, i) : found.max_val;
        },
        Kokkos::MinMax<Real>(bounds));
    return bounds;
  }
  template <class Body>
  void each(Body body) const {
    Kokkos::parallel_for("Weir::Sinkhorn::each", range(), body);
  }
  template <class Value>
  Real total(Value value, const char* what) {
    return total_(
        "Weir::Sinkhorn::total", what, KOKKOS_LAMBDA(const Tile& tile, Real* sum) {
          for (Index i = tile.first; i < tile.first + tile.count; ++i) sum[0] += value(i);
        })[0];
  }
  template <class Condition>
  Index count_where(Condition condition) const {
    Index found = 0;
    Kokkos::parallel_reduce(
        "Weir::Sinkhorn::count", range(), KOKKOS_LAMBDA(Index i, Index & n) { n += condition(i) ? 1 : 0; },
        found);
    return found;
  }

 private:
  Range range() const { return {0, Index(ensemble_.x.extent(1))}; }
  const Ensemble& ensemble_;
  Matrix<Real> centred_, scaled_;
  Vector<Real> weight_, potential_, balanced_;
  Matrix<Real> sums_;
  TileSum total_;
};

/// Relaxation factor of the iteration potential += factor * (balanced - potential). Near the solution it is a
/// successive over-relaxation with consistent ordering: Young's relation gives the rate r of the plain
/// iteration from the rate observed, (rate + factor - 1)^2 = rate factor^2 r, and the best factor,
/// 2 / (1 + sqrt(1 - r)) (Lehmann et al., Optimization Letters 16, 2022).
class Relaxation {
 public:
  Real factor() const { return factor_; }

  /// To be told the error after each iteration. A new factor is given a window to settle, then measured over
  /// another.
  void observe(Real error) {
    ++observed_;
    if (observed_ == window) settled_ = error;
    if (observed_ != 2 * window) return;
    observed_ = 0;
    const Real rate = std::pow(error / settled_, Real(1) / window);
    if (!(rate < 1)) {
      factor_ = 1;
    } else if (rate > factor_ - 1) {
      const Real plain = (rate + factor_ - 1) * (rate + factor_ - 1) / (rate * factor_ * factor_);
      factor_ = 2 / (1 + std::sqrt(std::max(1 - plain, Real(1e-5))));
    }
  }

 private:
  static constexpr int window = 6;
  Real factor_ = 1, settled_ = 1;
  int observed_ = 0;
};

/// The iteration, in precision T, for |x - y|^2 (`squared`) or |x - y|.
template <class T, bool squared>
class Solver {
 public:
  Solver(const Ensemble& x, const Ensemble& y, const SinkhornProblem& problem)
      : problem_(problem),
        centre_x_(Moments(x.comm, x.partition, x.components()).mean(x.x)),
        centre_y_(squared && !problem.rho ? Moments(y.comm, y.partition, y.components()).mean(y.x)
                                          : centre_x_),
        x_(x, problem.x_weights, centre_x_),
        y_(y, problem.y_weights, centre_y_),
        over_y_(x.comm, x.partition, y.partition, x.components() + 1),
        over_x_(x.comm, y.partition, x.partition, x.components() + 1) {}

  SinkhornResult solve() {
    constexpr Real rough = 1e-2;  // all that an epsilon on the way is worth
    constexpr Index few = 10;
    SinkhornResult result;
    for (Real epsilon = largest_cost(); epsilon > problem_.epsilon; epsilon /= 2)
      iterate(epsilon, rough, few, result);
    iterate(problem_.epsilon, problem_.tolerance, problem_.max_iterations, result);
    report(result);
    return result;
  }

  // Kernels, which nvcc takes in public functions only.
  static Real scale(Real epsilon) { return squared ? 1 / std::sqrt(epsilon) : 1 / epsilon; }
  /// What relaxed marginals leave of a potential that would meet them.
  Real share(Real epsilon) const { return problem_.rho ? *problem_.rho / (*problem_.rho + epsilon) : 1; }

  /// balanced = share (potential - epsilon log sum_j b_j exp((potential + g_j - c) / epsilon))
  void balance(Side& target, Side& source, PairSum<T>& over_source, Real epsilon) {
    target.as_target(epsilon, scale(epsilon));
    source.as_source(epsilon, scale(epsilon));
    over_source("Weir::Sinkhorn::sweep", GibbsSum<squared>(), target.scaled(), source.scaled(),
                MatrixRef<const Real>(), target.sums());
    const auto sums = target.sums();
    const auto potential = target.potential(), balanced = target.balanced();
    const Index lost = target.ensemble().comm.sum(target.count_where(
        [sums] KOKKOS_FUNCTION(Index i) { return !(sums(0, i) > 1e-30 && sums(0, i) < 1e30); }));
    if (lost > 0)
      throw RunError(fmt::format(
          "Sinkhorn's iteration lost {} of {} points at epsilon = {:g} (a sum left the range of "
          "numbers); a larger epsilon, with `growth` a larger `rho`, or `precision: double` may help",
          lost, target.ensemble().particles(), epsilon));
    const Real kept = share(epsilon);
    target.each(KOKKOS_LAMBDA(Index i) { balanced(i) = kept * (potential(i) - epsilon * log(sums(0, i))); });
  }

  /// sum_i |marginal_i - weight_i|, the marginal being weight_i exp((potential_i - balanced_i) / epsilon).
  static Real marginal_error(Side& side, Real epsilon) {
    const auto weight = side.weight(), potential = side.potential(), balanced = side.balanced();
    return side.total(
        [=] KOKKOS_FUNCTION(Index i) {
          return weight(i) * fabs(expm1((potential(i) - balanced(i)) / epsilon));
        },
        "Sinkhorn's marginal");
  }

  static void relax(Side& side, Real factor) {
    const auto potential = side.potential(), balanced = side.balanced();
    side.each(KOKKOS_LAMBDA(Index i) {
      potential(i) = factor == 1 ? balanced(i) : potential(i) + factor * (balanced(i) - potential(i));
    });
  }

  /// The common shift f + k, g - k that is best for the relaxed marginals: exp(-2 k / rho) = sum b exp(-g /
  /// rho) / sum a exp(-f / rho). Without it the potentials' mean converges as share^(2 iterations).
  void shift_potentials() {
    const Real rho = *problem_.rho;
    const Real shift = 0.5 * rho * std::log(relaxed_mass(x_, rho) / relaxed_mass(y_, rho));
    add_constant(x_, shift);
    add_constant(y_, -shift);
  }
  static Real relaxed_mass(Side& side, Real rho) {
    const auto weight = side.weight(), potential = side.potential();
    return side.total([=] KOKKOS_FUNCTION(Index i) { return weight(i) * exp(-potential(i) / rho); },
                      "Sinkhorn's mass");
  }
  static void add_constant(Side& side, Real constant) {
    const auto potential = side.potential();
    side.each(KOKKOS_LAMBDA(Index i) { potential(i) += constant; });
  }

  /// Alternates until the marginals are met to `tolerance`, that of y to rounding.
  void iterate(Real epsilon, Real tolerance, Index max_iterations, SinkhornResult& result) {
    Relaxation relaxation;
    bool last = false;  // plain, so that the marginal of y is exact
    balance(x_, y_, over_y_, epsilon);
    relax(x_, 1);
    for (Index iteration = 1; iteration <= max_iterations; ++iteration) {
      ++result.iterations;
      const Real factor = last || iteration == max_iterations ? 1 : relaxation.factor();
      balance(y_, x_, over_x_, epsilon);
      relax(y_, factor);
      balance(x_, y_, over_y_, epsilon);
      const Real error = marginal_error(x_, epsilon) + (factor == 1 ? 0 : marginal_error(y_, epsilon));
      result.marginal_error = error;
      result.converged = factor == 1 && error <= tolerance;
      if (result.converged || iteration == max_iterations) return;
      last = error <= tolerance;
      relax(x_, factor);
      if (problem_.rho)
        shift_potentials();
      else
        relaxation.observe(error);
    }
  }

  /// The largest cost there can be between two points of the centred clouds' common bounding box.
  Real largest_cost() const {
    Real square = 0;
    for (Index c = 0; c < x_.ensemble().components(); ++c) {
      Real low = HUGE_VAL, high = -HUGE_VAL;
      const auto widen = [&](const Side& side, Real centre) {
        if (side.ensemble().x.extent(1) == 0) return;
        const auto range = side.bounds(c);
        low = std::min(low, range.min_val - centre);
        high = std::max(high, range.max_val - centre);
      };
      widen(x_, centre_x_[c]);
      widen(y_, centre_y_[c]);
      Real ends[2] = {-low, high};
      x_.ensemble().comm.max(ends, 2);
      square += (ends[0] + ends[1]) * (ends[0] + ends[1]);
    }
    if (!std::isfinite(square))
      throw RunError("a point is not finite, or clouds are too far apart for Sinkhorn");
    return squared ? square : std::sqrt(square);
  }

  /// E[y - x] and its variance at each target; `sign`: 1 where y - x is source - target. Returns the cost.
  Real conditional_law(Side& target, Side& source, PairSum<T>& over_source, Real sign,
                       ConditionalDisplacement& law) {
    const Real epsilon = problem_.epsilon, unscale = 1 / scale(epsilon);
    const Index d = target.ensemble().components(), n = Index(target.ensemble().x.extent(1));
    target.as_target(epsilon, scale(epsilon));
    source.as_source(epsilon, scale(epsilon));
    const Matrix<Real> sums("Weir::Sinkhorn::moments", d + 3, n);
    over_source("Weir::Sinkhorn::moments", GibbsMoments<squared>(), target.scaled(), source.scaled(),
                MatrixRef<const Real>(), sums);
    law.displacement = Matrix<Real>("Weir::Sinkhorn::displacement", d, n);
    law.mass = Vector<Real>("Weir::Sinkhorn::mass", n);
    law.variance = Vector<Real>("Weir::Sinkhorn::variance", n);
    const Vector<Real> shift("Weir::Sinkhorn::shift", d);
    const auto host_shift = Kokkos::create_mirror_view(shift);
    for (Index c = 0; c < d; ++c) host_shift(c) = centre_y_[c] - centre_x_[c];
    Kokkos::deep_copy(shift, host_shift);
    const auto displacement = law.displacement;
    const auto mass = law.mass, variance = law.variance, weight = target.weight();
    target.each(KOKKOS_LAMBDA(Index i) {
      mass(i) = weight(i) * sums(0, i);
      Real mean_square = 0;
      for (Index c = 0; c < d; ++c) {
        const Real mean = unscale * sums(3 + c, i) / sums(0, i);  // of target - source, centred
        mean_square += mean * mean;
        displacement(c, i) = shift(c) - sign * mean;
      }
      const Real rest = unscale * unscale * sums(2, i) / sums(0, i) - mean_square;
      variance(i) = rest > 0 ? rest : 0;
    });
    return target.total(
        [=] KOKKOS_FUNCTION(Index i) {
          if (!squared) return mass(i) * epsilon * sums(1, i) / sums(0, i);
          Real square = variance(i);
          for (Index c = 0; c < d; ++c) square += displacement(c, i) * displacement(c, i);
          return mass(i) * square;
        },
        "the cost of a coupling");
  }

  /// |x - y|^2 = |x' - y'|^2 + 2 m.(x' - y') + |m|^2 for x' = x - mean x, y' = y - mean y, m = mean x - mean
  /// y: what the potentials of the centred clouds lack is linear.
  Vector<Real> uncentred(const Side& side, const std::vector<Real>& centre, Real sign, Real constant) const {
    const Vector<Real> whole("Weir::Sinkhorn::potential", side.potential().extent(0));
    Kokkos::deep_copy(whole, side.potential());
    const auto x = side.ensemble().x;
    for (Index c = 0; squared && c < Index(centre.size()); ++c) {
      const Real slope = 2 * sign * (centre_x_[c] - centre_y_[c]), middle = centre[c];
      side.each(KOKKOS_LAMBDA(Index i) { whole(i) += slope * (x(c, i) - middle) + constant; });
      constant = 0;
    }
    return whole;
  }

  void report(SinkhornResult& result) {
    const Real epsilon = problem_.epsilon;
    const auto a = x_.weight(), f = x_.potential(), balanced = x_.balanced(), b = y_.weight();
    // The marginal of y is exact: primal - dual = sum_i (marginal_i - a_i) f_i. With relaxed marginals it is
    // a sum of a_i (s f + rho (s log s - s) + rho exp(-f / rho)), s the marginal at x_i over a_i.
    const Real kept = share(epsilon), rho = problem_.rho.value_or(0);
    result.gap = std::fabs(x_.total(
        [=] KOKKOS_FUNCTION(Index i) {
          if (rho == 0) return a(i) * expm1((f(i) - balanced(i)) / epsilon) * f(i);
          const Real log_s = (f(i) - balanced(i) / kept) / epsilon;
          return a(i) * (exp(log_s) * (f(i) + rho * (log_s - 1)) + rho * exp(-f(i) / rho));
        },
        "Sinkhorn's gap"));
    Real constant = 0;
    for (std::size_t c = 0; squared && c < centre_x_.size(); ++c)
      constant += (centre_x_[c] - centre_y_[c]) * (centre_x_[c] - centre_y_[c]);
    result.f = uncentred(x_, centre_x_, 1, constant);
    result.g = uncentred(y_, centre_y_, -1, 0);
    const auto whole_f = result.f, whole_g = result.g;
    result.objective =
        x_.total([=] KOKKOS_FUNCTION(Index i) { return a(i) * whole_f(i); }, "Sinkhorn's potential") +
        y_.total([=] KOKKOS_FUNCTION(Index i) { return b(i) * whole_g(i); }, "Sinkhorn's potential");
    result.cost = conditional_law(x_, y_, over_y_, 1, result.at_x);
    const auto mass = result.at_x.mass;
    if (problem_.rho)
      result.mass = x_.total([=] KOKKOS_FUNCTION(Index i) { return mass(i); }, "Sinkhorn's mass");
    conditional_law(y_, x_, over_x_, -1, result.at_y);
  }

 private:
  const SinkhornProblem& problem_;
  std::vector<Real> centre_x_, centre_y_;
  Side x_, y_;
  PairSum<T> over_y_, over_x_;
};

template <class T>
SinkhornResult solve_in(const Ensemble& x, const Ensemble& y, const SinkhornProblem& problem) {
  return problem.cost == TransportCost::squared_distance ? Solver<T, true>(x, y, problem).solve()
                                                         : Solver<T, false>(x, y, problem).solve();
}

}  // namespace

SinkhornResult sinkhorn(const Ensemble& x, const Ensemble& y, const SinkhornProblem& problem) {
  WEIR_CHECK(x.components() == y.components() && x.particles() > 0 && y.particles() > 0,
             "clouds of {} and {} points in {} and {} dimensions", x.particles(), y.particles(),
             x.components(), y.components());
  WEIR_CHECK(problem.epsilon > 0 && std::isfinite(problem.epsilon), "epsilon {}", problem.epsilon);
  WEIR_CHECK(!problem.rho || *problem.rho > 0, "rho {}", problem.rho.value_or(0));
  WEIR_CHECK(problem.tolerance > 0 && problem.max_iterations > 0, "tolerance {}, {} iterations",
             problem.tolerance, problem.max_iterations);
  return problem.single ? solve_in<float>(x, y, problem) : solve_in<double>(x, y, problem);
}

Real mean_squared_distance(const Ensemble& x, const Ensemble& y) {
  Moments of_x(x.comm, x.partition, x.components()), of_y(y.comm, y.partition, y.components());
  const Real spread = Real(x.components()) * (of_x.mean_variance(x.x) + of_y.mean_variance(y.x));
  Real shift = 0;
  for (Index c = 0; c < x.components(); ++c)
    shift += (of_x.last_mean()[c] - of_y.last_mean()[c]) * (of_x.last_mean()[c] - of_y.last_mean()[c]);
  return spread + shift;
}

Real entropic_wasserstein(const Ensemble& x, const Ensemble& y, int order, bool single) {
  WEIR_CHECK(order == 1 || order == 2, "order {}", order);
  const Real scale = mean_squared_distance(x, y);
  if (scale == 0) return 0;
  SinkhornProblem problem;
  problem.cost = order == 1 ? TransportCost::distance : TransportCost::squared_distance;
  problem.epsilon = 0.01 * (order == 1 ? std::sqrt(scale) : scale);
  problem.tolerance = 1e-3;
  problem.single = single;
  const SinkhornResult result = sinkhorn(x, y, problem);
  if (!result.converged)
    throw RunError(
        fmt::format("the entropic distance did not converge: marginal error {:.2g} after {} iterations",
                    result.marginal_error, result.iterations));
  return order == 1 ? result.cost : std::sqrt(result.cost);
}

}  // namespace weir
