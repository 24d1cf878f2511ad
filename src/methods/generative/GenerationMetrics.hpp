// How far generated rows are from those that were held out, and whether they are copies of training rows.
//
// With n = min(generated, half of the held-out rows, `points`):
//
//     w2                        exact W_2, mean over 5 draws of n generated and n held-out rows
//     w2_floor, w2_ratio        the same of two disjoint sets of n held-out rows (10 draws; of fresh rows
//                               where the law is known), and the quotient of both
//     energy_distance           2 E|x - y| - E|x - x'| - E|y - y'| over different rows: a U-statistic, may be
//                               negative
//     energy_distance_gaussian  the same of rows drawn from a Gaussian with the moments of the training rows
//     frechet_pca               |dm|^2 + tr(A + B - 2 (A^1/2 B A^1/2)^1/2), in the first 50 principal
//                               components of the training rows, of all rows
//     frechet_pca_floor         the same of the training rows in the place of the generated ones
//     frechet_features          the same of the features of a classifier
//     confidence, sure          of the classifier's largest probability at generated rows: the mean, and the
//                               share above .9
//     nearest_neighbour         leave-one-out accuracy of the nearest neighbour, 5 draws of n and n rows; .5
//                               is perfect
//     copying                   median distance of n generated rows to the nearest training row over that of
//                               n held-out rows; 1: fresh, 0: copies
//
// Everything is measured in the units of the rows that are given. Names may end in a suffix ("_latent").
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "methods/generative/Classifier.hpp"
#include "methods/generative/Data.hpp"
#include "weir/base/MetricsTable.hpp"
#include "weir/ensemble/Ensemble.hpp"
#include "weir/ensemble/PrincipalComponents.hpp"
#include "weir/input/RunOptions.hpp"
#include "weir/input/Section.hpp"
#include "weir/output/Piecewise.hpp"

namespace weir {

struct GenerationMetricsOptions {
  std::vector<std::string> report;
  Index points = 2000;
  ClassifierOptions classifier;

  bool wants(const std::string& name) const;
  bool want_classifier() const;
};
/// `allowed`: the metrics that the method has. A classifier is described where one of them needs it.
void describe_metrics(Section& section, GenerationMetricsOptions& options,
                      const std::vector<std::string>& allowed);

/// Collective. Throws InputError where a classifier is needed and rows have no labels, or none that it can
/// learn. `where`: the method's section.
void check_labels(const GenerationMetricsOptions& options, const std::optional<Ensemble>& labels,
                  const std::string& where);

/// Throws InputError where a classifier is needed and rows have no labels.
void check_labelled(bool labelled, const std::string& where);

/// Throws InputError where fewer rows are generated than metrics compare. `where`: the method's section.
void check_generated(const GenerationMetricsOptions& options, Index generated, const std::string& where);

/// All metrics, without a suffix.
const std::vector<std::string>& generation_metric_names();

/// What is compared; all of it outlives the metrics.
struct GeneratedRows {
  const Ensemble& generated;
  const Ensemble& held_out;
  const Ensemble& training;
  /// Independent rows of the true law, where it is known; collective.
  std::function<Ensemble(Index rows, Index draw)> fresh;
  const Classifier* classifier = nullptr;  ///< where a metric needs it
};

/// A piece is one metric. Collective.
class GenerationMetrics : public Piecewise {
 public:
  GenerationMetrics(const GenerationMetricsOptions& options, const GeneratedRows& rows, const RunOptions& run,
                    const std::string& suffix = "");

  bool all_done() const override { return done_ == names_.size(); }
  void advance() override;
  void save(Hdf5File& file) const override;
  void restore(const Hdf5File& file) override;
  /// Once everything is done.
  const Metrics& result() const { return values_; }
  /// n.
  Index points() const { return points_; }
  /// Collective: `copying`, whatever is reported.
  Real copying() const;

 private:
  using Measure = std::function<Real(const std::vector<Real>& a, const std::vector<Real>& b)>;
  struct Pair {
    std::vector<Real> a, b;
  };
  Real mean_over(Index draws, const std::function<Pair(Index draw, int rank)>& gather,
                 const Measure& measure) const;
  Pair with_held_out(const Ensemble& rows, Index draw, int rank, Index most) const;
  Pair two_true_sets(Index draw, int rank) const;
  void add(const std::string& name, Real value) { values_.emplace_back(name + suffix_, value); }
  void add_w2();
  Real energy(const Ensemble& rows) const;
  Ensemble gaussian_rows() const;
  void add_frechet_pca();
  Real frechet_features() const;
  Real neighbour_accuracy() const;
  std::string group() const { return "/generation_metrics" + suffix_; }

  GeneratedRows rows_;
  RunOptions run_;
  std::string suffix_;
  Index most_points_, points_;
  std::vector<std::string> names_;
  std::size_t done_ = 0;
  Metrics values_;
};

/// Collective: the classifier, where a metric needs one, in the stage `classify`, or as the checkpoint has
/// it, and its `classifier_accuracy` on the rows held out; false where the run was stopped. `where`: the
/// method's section.
bool find_classifier(const GenerationMetricsOptions& options, const Data& data, const std::string& where,
                     const StageList& stages, RunOutput& output, RunControl& control,
                     std::optional<Classifier>& classifier, Metrics& found);

/// Collective: stages `classify`, where a metric needs a classifier, and `measure`; nothing where the run was
/// stopped. With a classifier also `classifier_accuracy`, on the rows held out. `where`: the method's
/// section.
std::optional<Metrics> measure_samples(const GenerationMetricsOptions& options, const Ensemble& generated,
                                       const Data& data, const std::string& where, const StageList& stages,
                                       RunOutput& output, RunControl& control);

}  // namespace weir
