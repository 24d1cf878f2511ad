// A small classifier of labelled rows, by which generated ones are judged.
//
//     p(c | x) = softmax_c f((x - m) / s),   min over theta of the mean of -log p(label | x) over training
//     rows
//
// m: the mean of the training rows, s: their root mean square about it, one number for all components. The
// features of x are the last hidden layer of f.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "weir/ensemble/Ensemble.hpp"
#include "weir/flows/RuleOptions.hpp"
#include "weir/networks/NetworkFile.hpp"
#include "weir/output/StageList.hpp"

namespace weir {

struct ClassifierOptions {
  NetworkOptions network;
  ParameterRuleChoice rule;
  Index epochs = 40, batch = 128;
  ClassifierOptions();
};
void describe(Section& section, ClassifierOptions& options);

struct Classifier {
  StoredNetwork network;
  std::vector<Real> mean;
  Real deviation = 1;
  std::vector<Real> classes;  ///< their labels, ascending

  // Not collective: components x particles for particles of this rank, in double.
  Matrix<Real> probabilities(const Ensemble& rows) const;
  Matrix<Real> features(const Ensemble& rows) const;

  /// Collective: into checkpoints, and back.
  void save(Hdf5File& file) const;
  static Classifier read(const Hdf5File& file);
};

/// Collective: the classes of labels of one component. Throws InputError (key `where`) where there are fewer
/// than 2 or more than 1000.
std::vector<Real> classes_of(const Ensemble& labels, const std::string& where);
/// The same in steps, of labels that come one after the other. Not collective: adds as many as matter.
void add_labels(const std::vector<Real>& labels, std::set<Real>& known);
/// Collective: of what all ranks know.
std::vector<Real> classes_of(const std::set<Real>& known, const Communicator& comm, const std::string& where);

/// Collective: the stage `classify`; nothing where the run was stopped. `labels` are cut like the rows.
std::optional<Classifier> train_classifier(const ClassifierOptions& options, const Ensemble& rows,
                                           const Ensemble& labels, const std::string& where,
                                           const StageList& stages, RunOutput& output, RunControl& control);

/// Not collective: seconds of an iteration over so many tiles, on this rank alone.
Real classifier_iteration_seconds(const ClassifierOptions& options, Index components, Index classes,
                                  Index tiles, const RunOptions& run);

/// Collective: the share of rows whose most probable class is their label.
Real accuracy(const Classifier& classifier, const Ensemble& rows, const Ensemble& labels);

/// Collective: of the largest probability of each row, the mean and the share above .9.
struct Confidence {
  Real mean, sure;
};
Confidence confidence(const Classifier& classifier, const Ensemble& rows);

}  // namespace weir
