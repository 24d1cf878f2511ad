#include "weir/energies/Interaction.hpp"

#include "energies/ExpressionKernels.hpp"
#include "energies/FunctionalInteraction.hpp"
#include "energies/PairInteraction.hpp"
#include "energies/PointwisePotential.hpp"
#include "energies/PolynomialInteraction.hpp"
#include "energies/QuarticInteraction.hpp"
#include "weir/base/Error.hpp"
#include "weir/ensemble/Moments.hpp"

namespace weir {

namespace {

/// W(r) = 1/2 r' B r:  force through the mean, (1/N) sum_j B (x_i - x_j) = B (x_i - m); energy through the
/// covariance, 1/2 tr(B S).
class QuadraticInteraction : public MomentInteraction {
 public:
  QuadraticInteraction(const Communicator& comm, const Partition& partition, Index dimension,
                       const std::vector<Real>& stiffness)
      : MomentInteraction(partition),
        moments_(comm, partition, dimension),
        force_{Vector<Real>("Weir::QuadraticInteraction::mean", dimension),
               symmetric_part(stiffness, dimension, "Weir::QuadraticInteraction::stiffness")},
        host_stiffness_(stiffness) {}

  void find_moments(const MatrixRef<const Real>& x, Real) override {
    const auto& mean = moments_.mean(x);
    Kokkos::deep_copy(force_.centre,
                      Kokkos::View<const Real*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>(
                          mean.data(), mean.size()));
  }
  void add_gradient_of(const LocalTiles& tiles, const MatrixRef<const Real>& x, Real factor,
                       const MatrixRef<Real>& out) override {
    const auto force = force_;
    const int d = int(x.extent(0));
    for_each_tile(
        "Weir::QuadraticInteraction::gradient", tiles, KOKKOS_LAMBDA(const Tile& tile) {
          for (Index i = tile.first; i < tile.first + tile.count; ++i)
            force.add_gradient(d, &x(0, i), factor, &out(0, i));
        });
  }

  Real energy(const MatrixRef<const Real>& x, Real) override {
    const auto& covariance = moments_.covariance(x);
    Real trace = 0;  // of B S; S is symmetric, so B's antisymmetric part drops out
    for (std::size_t k = 0; k < covariance.size(); ++k) trace += host_stiffness_[k] * covariance[k];
    return 0.5 * trace;
  }

 private:
  Moments moments_;
  QuadraticFunctor force_;
  std::vector<Real> host_stiffness_;
};

/// A power law that is a polynomial of |r|^2 of degree two.
bool is_quartic(const PowerLawOptions& options) {
  const auto fits = [](Real exponent) { return exponent == 2 || exponent == 4; };
  return fits(options.attraction) && fits(options.repulsion);
}

struct Make {
  const Communicator& comm;
  const Partition& partition;
  Index d;
  bool single;
  const std::string& where;

  void check_centre(const VectorValue& centre, const char* name) const {
    for (Real c : centre.values)
      if (c != 0)
        throw InputError(where + "." + name + ".centre",
                         "an interaction acts on differences and has no centre; leave it out");
  }
  void check_pairs() const {
    if (d > most_pair_components)
      throw InputError(
          where, fmt::format("pair interactions take up to {} dimensions, the ensemble has {}; quadratic and "
                             "the other polynomial interactions go through moments and have no such limit",
                             most_pair_components, d));
  }
  template <class T, class Gradient, class Value>
  std::unique_ptr<Interaction> pairs(Gradient gradient, Value value) const {
    check_pairs();
    return std::make_unique<PairInteraction<T, Gradient, Value>>(comm, partition, d, gradient, value);
  }
  template <class Profile, class Options>
  std::unique_ptr<Interaction> radial(const Options& options) const {
    check_centre(options.centre, Options::key);
    const RadialGradient<Profile> gradient{options};
    const RadialValue<Profile> value{options};
    return single ? pairs<float>(gradient, value) : pairs<double>(gradient, value);
  }

  std::unique_ptr<Interaction> quartic(const QuarticInteraction::Coefficients& coefficients) const {
    return std::make_unique<QuarticInteraction>(comm, partition, d, coefficients);
  }

  std::unique_ptr<Interaction> operator()(const FunctionalOptions& options) const {
    if (const auto powers = functionals::powers_of(options.name))
      return std::make_unique<PolynomialInteraction>(comm, partition, d, separable_polynomial(*powers, d));
    check_pairs();
    return single ? make_functional_interaction<float>(options.name, comm, partition, d, where)
                  : make_functional_interaction<double>(options.name, comm, partition, d, where);
  }
  std::unique_ptr<Interaction> operator()(const QuadraticOptions& options) const {
    check_centre(options.centre, "quadratic");
    return std::make_unique<QuadraticInteraction>(
        comm, partition, d, options.stiffness.resolve(d, where + ".quadratic.stiffness"));
  }
  std::unique_ptr<Interaction> operator()(const DoubleWellOptions& o) const {
    check_centre(o.centre, DoubleWellOptions::key);
    const Real square = o.width * o.width;
    return quartic({o.height / (square * square), -2 * o.height / square, o.height});
  }
  std::unique_ptr<Interaction> operator()(const GaussianOptions& o) const {
    return radial<GaussianProfile>(o);
  }
  std::unique_ptr<Interaction> operator()(const MorseOptions& o) const { return radial<MorseProfile>(o); }
  std::unique_ptr<Interaction> operator()(const PowerLawOptions& o) const {
    if (!is_quartic(o)) return radial<PowerLawProfile>(o);
    check_centre(o.centre, PowerLawOptions::key);
    QuarticInteraction::Coefficients coefficients{0, 0, 0};
    (o.attraction == 4 ? coefficients.quartic : coefficients.quadratic) += o.strength / o.attraction;
    (o.repulsion == 4 ? coefficients.quartic : coefficients.quadratic) -= o.strength / o.repulsion;
    return quartic(coefficients);
  }
  std::unique_ptr<Interaction> operator()(const ExpressionOptions& o) const {
    const std::string key = where + ".expression.formula";
    const Expression expression = parse_expression(o.formula, d, key);
    if (expression.depends_on_time())
      throw InputError(
          key, fmt::format("\"{}\" depends on t; an interaction is a function of x - y alone", o.formula));
    const auto origin = at_origin(expression, d);
    const ExpressionGradientKernel gradient{expression, origin};
    const ExpressionValueKernel value{expression, origin};
    return single ? pairs<float>(gradient, value) : pairs<double>(gradient, value);
  }
};

}  // namespace

bool through_pairs(const InteractionOptions& options) {
  if (const auto* functional = std::get_if<FunctionalOptions>(&options.term))
    return !functionals::powers_of(functional->name);
  if (const auto* power_law = std::get_if<PowerLawOptions>(&options.term)) return !is_quartic(*power_law);
  return !std::holds_alternative<QuadraticOptions>(options.term) &&
         !std::holds_alternative<DoubleWellOptions>(options.term);
}

std::vector<Index> moment_sums(const InteractionOptions& options, Index d) {
  if (through_pairs(options)) return {};
  if (std::holds_alternative<QuadraticOptions>(options.term)) return {d};  // Moments::mean
  if (const auto* functional = std::get_if<FunctionalOptions>(&options.term))
    return moment_sums(separable_polynomial(*functionals::powers_of(functional->name), d).monomials, d);
  return {d, d * (d + 1) / 2, d + 1};  // QuarticInteraction::find_moments: mean, covariance, third and fourth
}

std::unique_ptr<Interaction> make_interaction(const InteractionOptions& options, const Communicator& comm,
                                              const Partition& partition, Index dimension, bool single) {
  return std::visit(Make{comm, partition, dimension, single, options.where}, options.term);
}

}  // namespace weir
