#include "weir/input/Section.hpp"

#include "weir/base/Error.hpp"

namespace weir {

Declared& Declared::unit(const std::string& unit) {
  section_.restrict(name_, {OptionRestriction::unit, 0, 0, {unit}});
  return *this;
}
Declared& Declared::at_least(Real bound) {
  section_.restrict(name_, {OptionRestriction::at_least, bound, 0, {}});
  return *this;
}
Declared& Declared::above(Real bound) {
  section_.restrict(name_, {OptionRestriction::above, bound, 0, {}});
  return *this;
}
Declared& Declared::at_most(Real bound) {
  section_.restrict(name_, {OptionRestriction::at_most, bound, 0, {}});
  return *this;
}
Declared& Declared::below(Real bound) {
  section_.restrict(name_, {OptionRestriction::below, bound, 0, {}});
  return *this;
}
Declared& Declared::one_of(const std::vector<std::string>& names) {
  section_.restrict(name_, {OptionRestriction::one_of, 0, 0, names});
  return *this;
}
Declared& Declared::entries(Index at_least, Index at_most) {
  section_.restrict(name_, {OptionRestriction::entries, Real(at_least), Real(at_most), {}});
  return *this;
}

std::vector<Real> VectorValue::resolve(Index dimension, const std::string& key) const {
  if (values.size() == 1) return std::vector<Real>(dimension, values[0]);
  if (Index(values.size()) == dimension) return values;
  throw InputError(key, fmt::format("found {} numbers; allowed: {} (one a dimension) or one for all",
                                    values.size(), dimension));
}

std::vector<Real> MatrixValue::resolve(Index dimension, const std::string& key) const {
  const bool diagonal = rows.size() == 1;
  const Index given = diagonal ? Index(rows[0].size()) : Index(rows.size());
  if (given != dimension && !(diagonal && given == 1))
    throw InputError(
        key, fmt::format("found {0}; allowed: {1} x {1}, {1} numbers for the diagonal, or one number",
                         diagonal ? fmt::format("{} numbers", given) : fmt::format("{0} x {0}", given),
                         dimension));
  std::vector<Real> matrix(dimension * dimension, 0.0);
  for (Index i = 0; i < dimension; ++i) {
    if (diagonal)
      matrix[i * dimension + i] = rows[0][given == 1 ? 0 : i];
    else
      for (Index j = 0; j < dimension; ++j) matrix[i * dimension + j] = rows[i][j];
  }
  return matrix;
}

}  // namespace weir
