#include "methods/populations/ExactCouplings.hpp"

#include <algorithm>
#include <limits>

#include "weir/base/Stopwatch.hpp"
#include "weir/transport/Assignment.hpp"
#include "weir/transport/NetworkSimplex.hpp"

namespace weir {

namespace {

/// Jobs go round the ranks.
std::vector<CouplingJob> make_jobs(const CouplingOptions& options, const std::vector<Ensemble>& populations) {
  const std::vector<Index> sizes = sizes_of(populations);
  const int ranks = populations.front().comm.size();
  std::vector<CouplingJob> jobs;
  for (const CouplingPart& part : coupling_parts(options, sizes))
    jobs.push_back({part.k,
                    part.part,
                    int(Index(jobs.size()) % ranks),
                    PopulationCut{sizes[part.k], part.parts},
                    PopulationCut{sizes[part.k + 1], part.parts},
                    {},
                    {}});
  return jobs;
}

/// Jobs of a transition start at this number.
std::vector<Index> first_jobs(const std::vector<CouplingJob>& jobs, std::size_t transitions) {
  std::vector<Index> first(transitions, 0);
  for (std::size_t j = jobs.size(); j-- > 0;) first[jobs[j].k] = Index(j);
  return first;
}

/// Sends every particle to the ranks that are to couple it: as x of the next transition, as y of the one
/// before.
void collect_points(std::vector<CouplingJob>& jobs, const std::vector<bool>& done,
                    const std::vector<Ensemble>& populations) {
  const Communicator& comm = populations.front().comm;
  const Index d = populations.front().components();
  const auto first = first_jobs(jobs, populations.size() - 1);
  RowExchange exchange(comm, d);
  for (std::size_t k = 0; k < populations.size(); ++k) {
    const auto host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), populations[k].x);
    for (Index i = 0; i < populations[k].partition.local_rows(); ++i) {
      const Index row = populations[k].partition.first_row() + i;
      if (k + 1 < populations.size()) {
        const Index job = first[k] + jobs[first[k]].x.part_of(row);
        if (!done[job])
          exchange.send(jobs[job].rank, 2 * job, row - jobs[job].x.first(jobs[job].part), &host(0, i));
      }
      if (k > 0) {
        const Index job = first[k - 1] + jobs[first[k - 1]].y.part_of(row);
        if (!done[job])
          exchange.send(jobs[job].rank, 2 * job + 1, row - jobs[job].y.first(jobs[job].part), &host(0, i));
      }
    }
  }
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    CouplingJob& job = jobs[j];
    if (done[j] || job.rank != comm.rank()) continue;
    job.x_values.resize(job.x.size(job.part) * d);
    job.y_values.resize(job.y.size(job.part) * d);
  }
  exchange.deliver([&](const RowExchange::Row& row) {
    CouplingJob& job = jobs[row.tag / 2];
    auto& values = row.tag % 2 == 0 ? job.x_values : job.y_values;
    std::copy_n(row.values, d, &values[row.key * d]);
  });
}

struct Solution {
  Plan plan;
  BarycentricMaps maps;
  Real cost, gap;
};
Solution solve(const CouplingJob& job, Index d, const std::string& method) {
  const Points x{job.x_values.data(), job.x.size(job.part), d},
      y{job.y_values.data(), job.y.size(job.part), d};
  if (method == "network_simplex" || x.count != y.count) {
    const Transport transport = solve_network_simplex(x, y);
    return {transport.plan, barycentric_maps(x, y, transport.plan), transport.cost,
            transport.certificate.gap};
  }
  const Assignment assignment = solve_assignment(x, y);
  Plan plan;
  for (Index i = 0; i < x.count; ++i) plan.push_back({i, assignment.y_of_x[i], 1 / Real(x.count)});
  return {plan, barycentric_maps(x, y, plan), assignment.cost, assignment.certificate.gap};
}

std::vector<std::unique_ptr<PartnerLaw>> laws(const std::vector<Ensemble>& populations, CouplingKeeps keeps) {
  std::vector<std::unique_ptr<PartnerLaw>> all;
  for (std::size_t k = 0; keeps == CouplingKeeps::partners && k + 1 < populations.size(); ++k)
    all.push_back(std::make_unique<ExactPartners>(populations[k], populations[k + 1]));
  return all;
}

}  // namespace

ExactCouplings::ExactCouplings(const CouplingOptions& options, const std::vector<Ensemble>& populations,
                               CoupledAt at, CouplingKeeps keeps)
    : ExactCouplings(options, populations, at, keeps, make_jobs(options, populations)) {}

ExactCouplings::ExactCouplings(const CouplingOptions& options, const std::vector<Ensemble>& populations,
                               CoupledAt at, CouplingKeeps keeps, std::vector<CouplingJob> jobs)
    : CouplingPieces(populations, at, Index(jobs.size()), laws(populations, keeps)),
      method_(options.method),
      jobs_(std::move(jobs)) {}

void ExactCouplings::advance(Real seconds) {
  const Stopwatch watch;
  if (!collected_) {
    std::vector<bool> done;
    for (const Known& known : known_) done.push_back(known.done != 0);
    collect_points(jobs_, done, populations_);
    collected_ = true;
  }
  // Results go back to the particles' owners: displacement, mass, variance.
  RowExchange exchange(comm_, components_ + 2), plans(comm_, components_ + 2);
  comm_.agree([&] {
    for (std::size_t j = 0; j < jobs_.size(); ++j) {
      if (known_[j].done != 0 || jobs_[j].rank != comm_.rank()) continue;
      couple(j, exchange, plans);
      if (watch.seconds() > seconds) break;
    }
  });
  exchange.deliver([&](const RowExchange::Row& row) {
    CoupledEnsemble& to = coupled_[row.tag];
    const Index i = row.key - ensemble_of(row.tag).partition.first_row();
    for (Index c = 0; c < components_; ++c) to.displacement(c, i) = row.values[c];
    to.mass(i) = row.values[components_];
    to.variance(i) = row.values[components_ + 1];
  });
  if (!partners_.empty())
    plans.deliver([&](const RowExchange::Row& row) {
      static_cast<ExactPartners&>(*partners_[std::size_t(row.tag / 2)])
          .add(row.tag % 2 == 0 ? Towards::next : Towards::previous, row.key, row.values);
    });
  // Costs and gaps of optimal couplings are not negative, up to rounding: what is not known yet is lower.
  for (Known& known : known_)
    if (known.done == 0) known.cost = known.gap = std::numeric_limits<Real>::lowest();
  comm_.max(reinterpret_cast<Real*>(known_.data()), Index(known_.size()) * known_numbers);
}

void ExactCouplings::finish() {
  for (std::size_t j = 0; j < jobs_.size(); ++j) {  // in the jobs' order on every rank
    const Real share = Real(jobs_[j].x.size(jobs_[j].part)) / Real(jobs_[j].x.rows);
    coupled_[jobs_[j].k].cost += share * known_[j].cost;
    coupled_[jobs_[j].k].gap += share * known_[j].gap;
  }
}

/// Each entry goes to the owners of both its ends, with the other end.
void ExactCouplings::send_plan(const CouplingJob& job, const Plan& plan, RowExchange& plans) const {
  const Index d = components_, x0 = job.x.first(job.part), y0 = job.y.first(job.part);
  std::vector<Real> entry(d + 2);
  const auto send = [&](Index tag, const Partition& partition, Index row, Index partner, Real mass,
                        const Real* at) {
    entry[0] = Real(partner);
    entry[1] = mass;
    std::copy_n(at, d, &entry[2]);
    plans.send(partition.owner_of_row(row), tag, row, entry.data());
  };
  for (const PlanEntry& e : plan) {
    send(2 * job.k, populations_[job.k].partition, x0 + e.x, y0 + e.y, e.mass, &job.y_values[e.y * d]);
    send(2 * job.k + 1, populations_[job.k + 1].partition, y0 + e.y, x0 + e.x, e.mass,
         &job.x_values[e.x * d]);
  }
}

void ExactCouplings::couple(std::size_t j, RowExchange& exchange, RowExchange& plans) {
  CouplingJob& job = jobs_[j];
  const Index d = components_;
  const Solution solution = solve(job, d, method_);
  known_[j] = {1, solution.cost, solution.gap, 0, 0};
  const BarycentricMap& map = next_ ? solution.maps.x_given_y : solution.maps.y_given_x;
  const PopulationCut& cut = next_ ? job.y : job.x;
  const auto& here = next_ ? job.y_values : job.x_values;
  const Partition& partition = ensemble_of(job.k).partition;
  const Real share = Real(cut.size(job.part)) / Real(cut.rows);
  std::vector<Real> record(d + 2);
  for (Index i = 0; i < cut.size(job.part); ++i) {
    for (Index c = 0; c < d; ++c)
      record[c] = next_ ? here[i * d + c] - map.mean[i * d + c] : map.mean[i * d + c] - here[i * d + c];
    record[d] = map.mass[i] * share;
    record[d + 1] = map.variance[i];
    const Index row = cut.first(job.part) + i;
    exchange.send(partition.owner_of_row(row), job.k, row, record.data());
  }
  if (!partners_.empty()) send_plan(job, solution.plan, plans);
  job.x_values = {};
  job.y_values = {};
}

}  // namespace weir
