#include "weir/energies/FeatureBasis.hpp"

#include <cmath>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

const std::vector<std::string> profiles{"constant",   "linear",       "cubic",
                                        "thin_plate", "multiquadric", "inverse_multiquadric"};

bool is_tensor(const PolynomialOptions& options, Index dimension) {
  return options.kind == "tensor" || (options.kind == "auto" && dimension <= 3);
}

/// Number of monomials without the constant; infinity where it does not fit.
Real count_monomials(const PolynomialOptions& options, Index dimension) {
  const Real p = Real(options.degree), d = Real(dimension);
  if (is_tensor(options, dimension)) return std::pow(p + 1, d) - 1;
  Real binomial = 1;  // (p + d choose p)
  for (Real j = 1; j <= p; ++j) binomial = binomial * (d + j) / j;
  return std::round(binomial) - 1;
}

Real count_centres(const RadialOptions& options, Index dimension) {
  if (const auto* grid = std::get_if<GridCentres>(&options.centres.at))
    return std::pow(Real(grid->number), Real(dimension));
  return Real(std::get<DataCentres>(options.centres.at).number);
}

/// All exponents but zero, the first dimension running fastest.
std::vector<std::vector<int>> exponent_table(const PolynomialOptions& options, Index dimension) {
  std::vector<std::vector<int>> table;
  std::vector<int> e(dimension, 0);
  const bool tensor = is_tensor(options, dimension);
  const auto within = [&] {
    int sum = 0;
    for (int value : e) sum += value;
    return tensor || sum <= options.degree;
  };
  for (;;) {
    std::size_t c = 0;
    for (; c < e.size(); ++c) {
      if (++e[c] <= options.degree && within()) break;
      e[c] = 0;
    }
    if (c == e.size()) return table;
    table.push_back(e);
  }
}

struct Bounds {
  std::vector<Real> low, high;
};
/// Throws InputError where they do not fit the dimension or are upside down.
Bounds grid_bounds(const CentresOptions& options, Index dimension, const std::string& where) {
  const Bounds bounds{options.low.resolve(dimension, where + ".low"),
                      options.high.resolve(dimension, where + ".high")};
  for (Index c = 0; c < dimension; ++c)
    if (!(bounds.high[c] > bounds.low[c]))
      throw InputError(where + ".high", fmt::format("found {} where low is {}; allowed: above low",
                                                    bounds.high[c], bounds.low[c]));
  return bounds;
}

HostMatrix<Real> grid_centres(const CentresOptions& options, Index points, Index dimension,
                              const std::string& where) {
  const auto [low, high] = grid_bounds(options, dimension, where);
  const Index count = Index(std::round(std::pow(Real(points), Real(dimension))));
  HostMatrix<Real> centres("Weir::FeatureBasis::centres", dimension, count);
  for (Index k = 0; k < count; ++k) {
    Index rest = k;
    for (Index c = 0; c < dimension; ++c, rest /= points) {
      const Real fraction = points == 1 ? 0.5 : Real(rest % points) / Real(points - 1);
      centres(c, k) = low[c] + (high[c] - low[c]) * fraction;
    }
  }
  return centres;
}

}  // namespace

void describe(Section& section, PolynomialOptions& options) {
  section.option("degree", options.degree, "largest exponent (tensor) or sum of exponents (total)")
      .at_least(1)
      .at_most(20);
  section
      .option("kind", options.kind,
              "tensor: each exponent up to the degree; total: their sum; auto: tensor up to 3 dimensions")
      .one_of({"auto", "tensor", "total"});
  section.option("trigonometric", options.trigonometric, "also sin and cos of every monomial");
}
void describe(Section& section, GridCentres& options) {
  section.option("number", options.number, "points a dimension").at_least(1);
}
void describe(Section& section, DataCentres& options) {
  section.option("number", options.number, "how many training points").at_least(1);
}
void describe(Section& section, CentresOptions& options) {
  section.one_of(options.at, "where the radial functions are centred");
  const bool grid = std::holds_alternative<GridCentres>(options.at);
  const auto bound = [&](const char* name, VectorValue& value, const char* doc) {
    if (grid || section.given(name)) section.option(name, value, doc).unit("length");
    if (!grid && section.given(name))
      section.error(name, "is a bound of a grid, and centres from data have none; leave it out");
  };
  bound("low", options.low, "grid: least coordinates");
  bound("high", options.high, "grid: largest coordinates");
}
void describe(Section& section, RadialOptions& options) {
  section.required_section("centres", options.centres, "centres of the radial functions");
  section.option("length", options.length, "l in exp(-|x - c|^2 / l^2)").unit("length").above(0);
  section
      .option("profile", options.profile,
              "factor in r = |x - c| / l: 1, r, r^3, r^2 log r, sqrt(1 + r^2) or its inverse")
      .one_of(profiles);
}
void describe(Section& section, FeatureOptions& options) {
  if (section.reading()) options.where = section.path();
  section.section("polynomial", options.polynomial, "monomials, the constant left out");
  section.section("radial", options.radial, "radial functions");
  section.option("max_features", options.max_features, "most unknowns of one solve").at_least(1);
  if (section.reading() && !options.polynomial && !options.radial)
    section.error("polynomial", "no features are left; give polynomial, radial or both");
}

Index count_features(const FeatureOptions& options, Index dimension) {
  if (options.radial && std::holds_alternative<GridCentres>(options.radial->centres.at))
    grid_bounds(options.radial->centres, dimension, options.where + ".radial.centres");
  Real count = 0;
  if (options.polynomial)
    count += count_monomials(*options.polynomial, dimension) * (options.polynomial->trigonometric ? 3 : 1);
  if (options.radial) count += count_centres(*options.radial, dimension);
  if (count > Real(options.max_features))
    throw InputError(options.where, fmt::format("asks for {:.0f} features in {} dimensions, more than "
                                                "max_features = {}; lower the degree, choose "
                                                "`kind: total` or `centres: data`, or raise max_features",
                                                count, dimension, options.max_features));
  return Index(count);
}

FeatureBasis make_features(const FeatureOptions& options, Index dimension,
                           const HostMatrix<Real>& data_centres) {
  count_features(options, dimension);
  FeatureBasis basis;
  basis.dimension = int(dimension);
  if (options.polynomial) {
    basis.trigonometric = options.polynomial->trigonometric;
    const auto table = exponent_table(*options.polynomial, dimension);
    basis.exponents = decltype(basis.exponents)("Weir::FeatureBasis::exponents", dimension, table.size());
    const auto host = Kokkos::create_mirror_view(basis.exponents);
    for (std::size_t m = 0; m < table.size(); ++m)
      for (Index c = 0; c < dimension; ++c) host(c, m) = table[m][c];
    Kokkos::deep_copy(basis.exponents, host);
  }
  if (options.radial) {
    const auto* grid = std::get_if<GridCentres>(&options.radial->centres.at);
    const auto host = grid ? grid_centres(options.radial->centres, grid->number, dimension,
                                          options.where + ".radial.centres")
                           : data_centres;
    basis.centres = Kokkos::create_mirror_view_and_copy(MemorySpace(), host);
    basis.length = options.radial->length;
    for (std::size_t p = 0; p < profiles.size(); ++p)
      if (profiles[p] == options.radial->profile) basis.profile = FeatureBasis::Profile(p);
  }
  return basis;
}

std::vector<std::string> feature_names(const FeatureBasis& basis) {
  const auto exponents = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), basis.exponents);
  std::vector<std::string> names;
  for (int k = 0; k < basis.polynomials(); ++k) {
    const int m = k % basis.monomials(), outer = k / basis.monomials();
    std::string name;
    for (int c = 0; c < basis.dimension; ++c)
      if (exponents(c, m) > 0)
        name += fmt::format("{}x{}{}", name.empty() ? "" : " ", c,
                            exponents(c, m) > 1 ? fmt::format("^{}", exponents(c, m)) : "");
    names.push_back(outer == 0 ? name : fmt::format("{}({})", outer == 1 ? "sin" : "cos", name));
  }
  for (std::size_t k = 0; k < basis.centres.extent(1); ++k) names.push_back(fmt::format("radial {}", k));
  return names;
}

}  // namespace weir
