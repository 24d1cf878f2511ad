#include "weir/energies/Potential.hpp"

#include "energies/PointwisePotential.hpp"
#include "weir/base/Error.hpp"
#include "weir/energies/Expression.hpp"

namespace weir {

Vector<Real> on_device(const std::vector<Real>& values, const char* label) {
  Vector<Real> copy{std::string(label), values.size()};
  Kokkos::deep_copy(copy,
                    Kokkos::View<const Real*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>>(
                        values.data(), values.size()));
  return copy;
}

Matrix<Real> symmetric_part(const std::vector<Real>& matrix, Index d, const char* label) {
  Matrix<Real> result{std::string(label), std::size_t(d), std::size_t(d)};
  auto host = Kokkos::create_mirror_view(result);
  for (Index a = 0; a < d; ++a)
    for (Index b = 0; b < d; ++b) host(a, b) = 0.5 * (matrix[a * d + b] + matrix[b * d + a]);
  Kokkos::deep_copy(result, host);
  return result;
}

void check_dimension(int least, Index dimension, const std::string& name, const std::string& where) {
  if (dimension < least)
    throw InputError(
        where, fmt::format("{} needs at least {} dimensions, the ensemble has {}", name, least, dimension));
}

namespace {

template <class Functor>
std::unique_ptr<Potential> pointwise(Functor functor) {
  return std::make_unique<PointwisePotential<Functor>>(std::move(functor));
}

struct Make {
  Index d;
  const std::string& where;

  template <class Options>
  Vector<Real> centre(const Options& options) const {
    return on_device(options.centre.resolve(d, where + "." + Options::key + ".centre"),
                     "Weir::Potential::centre");
  }
  template <class Profile, class Options>
  std::unique_ptr<Potential> radial(const Options& options) const {
    return pointwise(RadialAt<Profile>{options, centre(options)});
  }

  std::unique_ptr<Potential> operator()(const FunctionalOptions& options) const {
    std::unique_ptr<Potential> made;
    functionals::with_name(options.name, [&](auto functional) {
      check_dimension(functional.least_dimension, d, options.name, where);
      made = pointwise(functional);
    });
    WEIR_CHECK(made != nullptr, "unknown functional {}", options.name);
    return made;
  }
  std::unique_ptr<Potential> operator()(const QuadraticOptions& options) const {
    const auto stiffness = options.stiffness.resolve(d, where + ".quadratic.stiffness");
    return pointwise(
        QuadraticFunctor{centre(options), symmetric_part(stiffness, d, "Weir::Quadratic::stiffness")});
  }
  std::unique_ptr<Potential> operator()(const DoubleWellOptions& o) const {
    return radial<DoubleWellProfile>(o);
  }
  std::unique_ptr<Potential> operator()(const GaussianOptions& o) const { return radial<GaussianProfile>(o); }
  std::unique_ptr<Potential> operator()(const MorseOptions& o) const { return radial<MorseProfile>(o); }
  std::unique_ptr<Potential> operator()(const PowerLawOptions& o) const { return radial<PowerLawProfile>(o); }
  std::unique_ptr<Potential> operator()(const ExpressionOptions& o) const {
    return pointwise(parse_expression(o.formula, d, where + ".expression.formula"));
  }
};

}  // namespace

std::unique_ptr<Potential> make_potential(const PotentialOptions& options, Index dimension) {
  return std::visit(Make{dimension, options.where}, options.term);
}

}  // namespace weir
