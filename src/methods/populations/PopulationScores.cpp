#include "methods/populations/PopulationScores.hpp"

#include <fmt/format.h>

#include "weir/output/Checkpoint.hpp"

namespace weir {

namespace {
std::string name_of(std::size_t k) {
  return fmt::format("/scores/{}", k);
}
}  // namespace

PopulationScores::PopulationScores(const DensityOptions& options, std::vector<const Ensemble*> populations,
                                   Index seed,
                                   std::function<void(std::size_t k, const std::string& text)> remark)
    : options_(options), populations_(std::move(populations)), seed_(seed), remark_(std::move(remark)) {}

Matrix<Real> PopulationScores::table(std::size_t k) const {
  const Ensemble& at = *populations_[k];
  return Matrix<Real>("Weir::PopulationScores::scores", at.components(), at.partition.local_particles());
}

void PopulationScores::advance() {
  const std::size_t k = scores_.size();
  const Ensemble& at = *populations_[k];
  const auto density = fit_density(options_, at, seed_, int(k));
  for (const auto& text : density->remarks()) remark_(k, text);
  scores_.push_back(table(k));
  density->score(at.partition, at.x, scores_.back());
}

void PopulationScores::save(Hdf5File& file) const {
  for (std::size_t k = 0; k < scores_.size(); ++k)
    write_particles(file, name_of(k), populations_[k]->partition, scores_[k]);
}

void PopulationScores::restore(const Hdf5File& file) {
  while (!all_done() && file.has(name_of(scores_.size()))) {
    const std::size_t k = scores_.size();
    scores_.push_back(table(k));
    read_particles(file, name_of(k), populations_[k]->partition, scores_.back());
  }
}

Matrix<Real> scores_at(const DensityOptions& options, const Ensemble& ensemble, Index seed) {
  PopulationScores scores(options, {&ensemble}, seed, [](std::size_t, const std::string&) {});
  scores.advance();
  return scores[0];
}

}  // namespace weir
