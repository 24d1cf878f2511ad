// Scores of populations, grad log rho_k at the particles of population k: a piece is one of them, the fit of
// its density and what that says there.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "weir/densities/Density.hpp"
#include "weir/output/Piecewise.hpp"

namespace weir {

/// All methods are collective.
class PopulationScores : public Piecewise {
 public:
  /// `remark` is told what the user should know of the fit of population k. `populations` outlive the object.
  PopulationScores(const DensityOptions& options, std::vector<const Ensemble*> populations, Index seed,
                   std::function<void(std::size_t k, const std::string& text)> remark);

  bool all_done() const override { return scores_.size() == populations_.size(); }
  void advance() override;
  void save(Hdf5File& file) const override;
  void restore(const Hdf5File& file) override;
  /// Scores of population k, components x local particles.
  const Matrix<Real>& operator[](std::size_t k) const { return scores_[k]; }

 private:
  Matrix<Real> table(std::size_t k) const;

  DensityOptions options_;
  std::vector<const Ensemble*> populations_;
  Index seed_;
  std::function<void(std::size_t, const std::string&)> remark_;
  std::vector<Matrix<Real>> scores_;
};

/// Collective: those of one population.
Matrix<Real> scores_at(const DensityOptions& options, const Ensemble& ensemble, Index seed);

}  // namespace weir
