// Columns of data brought to mean 0 and variance 1, and samples brought back.
//
//     columns   y_c = (x_c - m_c) / s_c
//     whiten    y = L^(-1/2) U'(x - m),   S = U L U' the covariance: uncorrelated besides
//
// A column that does not vary has s_c = 1; directions of variance below 1e-6 of the largest are whitened as
// if they had that.
#pragma once

#include <string>
#include <vector>

#include "weir/base/Hdf5File.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/input/Section.hpp"

namespace weir {

class Standardisation {
 public:
  /// The identity.
  Standardisation() = default;
  /// Collective: that of the rows, were noise of that deviation added to them; `kind`: false, true or whiten.
  Standardisation(const std::string& kind, const Ensemble& rows, Real noise = 0);

  const std::string& kind() const { return kind_; }
  /// Not collective: particles (components x particles), in place.
  void apply(const Matrix<Real>& x) const;
  void undo(const Matrix<Real>& x) const;
  /// log |dy/dx|: what log densities of y lack.
  Real log_volume() const;
  /// Deviations, in standardised units, of noise that has this deviation in the units of the data.
  std::vector<Real> scaled(Real noise, Index components) const;
  /// The linear part of `undo`: column k (components numbers at [k d, (k + 1) d)) is what a unit of y_k moves
  /// x by.
  std::vector<Real> directions(Index components) const;
  const std::vector<Real>& mean() const { return mean_; }
  /// s_c, or the roots of L.
  const std::vector<Real>& deviations() const { return deviations_; }

  /// Columns of the rows that do not vary, where each is standardised by itself and no noise is added.
  const std::vector<Index>& constant_columns() const { return constant_; }

  /// Collective: into the group, and back.
  void save(Hdf5File& file, const std::string& group) const;
  static Standardisation read(const Hdf5File& file, const std::string& group);

 private:
  std::string kind_ = "false";
  std::vector<Index> constant_;                    // not kept in files
  std::vector<Real> mean_, deviations_, vectors_;  // vectors_: of whiten, u_k at [k d, (k + 1) d)
};

}  // namespace weir
