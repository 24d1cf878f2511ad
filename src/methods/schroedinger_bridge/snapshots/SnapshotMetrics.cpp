#include "methods/schroedinger_bridge/snapshots/SnapshotMetrics.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"
#include "weir/ensemble/Sample.hpp"
#include "weir/transport/Distances.hpp"
#include "weir/transport/Sinkhorn.hpp"

namespace weir {

SnapshotMetrics::SnapshotMetrics(const SnapshotMetricsOptions& options,
                                 const std::vector<SnapshotPrediction>& predictions, Index seed, bool single)
    : options_(options), seed_(seed), single_(single) {
  Index number = 0;
  for (const SnapshotPrediction& prediction : predictions) {
    comm_ = prediction.predicted.comm;
    for (const auto& name : options.report)
      for (const char* suffix : {"", "_displacement", "_identity", "_floor"}) {
        const Job job{name, suffix, &prediction, number};
        if (job.suffix == "_displacement" && prediction.straight.empty()) continue;
        if (job.suffix == "_floor" && (is_entropic(job) || prediction.observed.particles() < 2)) continue;
        jobs_.push_back(job);
      }
    ++number;
  }
}

Index SnapshotMetrics::points_of(const Ensemble& ensemble) const {
  const Index asked = options_.points.is_word() ? ensemble.particles() : options_.points.number;
  return std::min({asked, ensemble.particles()});
}

bool SnapshotMetrics::is_entropic(const Job& job) const {
  const Index most = std::max(points_of(from(job)), points_of(job.prediction->observed));
  return job.name != "energy_distance" && most > most_exact_points;
}

const Ensemble& SnapshotMetrics::from(const Job& job) const {
  if (job.suffix == "_displacement") return job.prediction->straight.front();
  if (job.suffix == "_identity") return job.prediction->before;
  if (job.suffix == "_floor") return job.prediction->observed;
  return job.prediction->predicted;
}

void SnapshotMetrics::advance() {
  const std::size_t first = values_.size(), ranks = std::size_t(comm_.size());
  if (is_entropic(jobs_[first])) {
    const Job& job = jobs_[first];
    values_.push_back(
        entropic_wasserstein(from(job), job.prediction->observed, job.name == "w1" ? 1 : 2, single_));
    return;
  }
  std::size_t last = first + 1;
  while (last < jobs_.size() && last - first < ranks && !is_entropic(jobs_[last])) ++last;
  measure(first, last);
}

/// Jobs [first, last), each on a rank of its own.
void SnapshotMetrics::measure(std::size_t first, std::size_t last) {
  std::vector<Real> a, b;
  for (std::size_t j = first; j < last; ++j) {
    const Job& job = jobs_[j];
    const int rank = int(j - first);
    const auto draw = [&](const Ensemble& ensemble, Index points, Index tick) {
      return sample_on(rank, ensemble, std::min(points, most_exact_points), seed_, 4 * job.number + tick);
    };
    const Ensemble &one = from(job), &other = job.prediction->observed;
    std::vector<Real> x, y;
    if (job.suffix == "_floor") {
      const Index half = std::min(points_of(other), other.particles() / 2), d = other.components();
      x = draw(other, 2 * half, 2);
      if (!x.empty()) {
        const auto middle = x.begin() + Index(x.size()) / d / 2 * d;
        y.assign(middle, x.end());
        x.erase(middle, x.end());
      }
    } else {
      x = draw(one, points_of(one), 0);
      y = draw(other, points_of(other), 1);
    }
    if (comm_.rank() == rank) std::swap(a, x), std::swap(b, y);
  }
  Real here = 0;
  const std::size_t mine = first + std::size_t(comm_.rank());
  comm_.agree([&] {
    if (mine >= last) return;
    const Index d = jobs_[mine].prediction->observed.components();
    const Points x{a.data(), Index(a.size()) / d, d}, y{b.data(), Index(b.size()) / d, d};
    here = jobs_[mine].name == "energy_distance" ? energy_distance(x, y, Statistic::u)
                                                 : distance_of(jobs_[mine].name, x, y);
  });
  for (std::size_t j = first; j < last; ++j) values_.push_back(comm_.broadcast_value(here, int(j - first)));
}

void SnapshotMetrics::save(Hdf5File& file) const {
  if (!values_.empty()) file.write("/metrics/values", values_, {Index(values_.size())});
}

void SnapshotMetrics::restore(const Hdf5File& file) {
  if (file.has("/metrics/values")) values_ = file.read("/metrics/values");
  WEIR_CHECK(values_.size() <= jobs_.size(), "{} distances of {}", values_.size(), jobs_.size());
}

Metrics SnapshotMetrics::result() const {
  Metrics result;
  for (const auto& name : options_.report)
    for (const char* suffix : {"", "_displacement", "_identity", "_floor"}) {
      Metrics each;
      Real sum = 0;
      for (std::size_t j = 0; j < jobs_.size(); ++j) {
        if (jobs_[j].name != name || jobs_[j].suffix != suffix) continue;
        each.emplace_back(fmt::format("{}{}/{}", name, suffix, jobs_[j].prediction->k), values_[j]);
        sum += values_[j];
      }
      if (each.empty()) continue;
      result.emplace_back(name + suffix, sum / Real(each.size()));
      result.insert(result.end(), each.begin(), each.end());
    }
  return result;
}

}  // namespace weir
