#include "weir/methods/Coupling.hpp"

#include <algorithm>

#include "weir/base/Error.hpp"
#include "weir/ensemble/RowExchange.hpp"
#include "weir/transport/Assignment.hpp"
#include "weir/transport/NetworkSimplex.hpp"

namespace weir {

void describe(Section& section, CouplingOptions& options) {
  if (section.reading()) options.where = section.path();
  section
      .option(
          "method", options.method,
          "auto: assignment where sizes are equal, network_simplex elsewhere. sinkhorn: entropic, of whole "
          "populations, for sizes beyond exact_limit")
      .one_of({"auto", "assignment", "network_simplex", "sinkhorn"});
  section.option("batch", options.batch, "particles coupled at a time, or `whole` populations")
      .at_least(1)
      .one_of({"whole"});
  section
      .option("exact_limit", options.exact_limit, "most particles a side that are coupled exactly at a time")
      .at_least(1);
  section
      .option("epsilon", options.epsilon,
              "sinkhorn: weight of the entropy, in units of the mean squared distance of independent pairs")
      .above(0);
  section
      .option("tolerance", options.tolerance,
              "sinkhorn: error of the marginals at which to stop (of 2 at most)")
      .above(0);
  section.option("max_iterations", options.max_iterations, "sinkhorn: most iterations").at_least(1);
  if (section.reading() && options.method == "sinkhorn" && section.given("batch") && !options.batch.is_word())
    section.error("batch", "sinkhorn couples whole populations; leave batch out, or give `whole`");
}

namespace {

/// Part p of a population cut into `parts`: rows [first(p), first(p + 1)).
struct Cut {
  Index rows, parts;
  Index first(Index p) const { return p * rows / parts; }
  Index size(Index p) const { return first(p + 1) - first(p); }
  Index part_of(Index row) const {
    Index p = ((row + 1) * parts - 1) / rows;
    while (first(p) > row) --p;
    while (first(p + 1) <= row) ++p;
    return p;
  }
};

/// One coupling problem: part `part` of populations k and k + 1, solved by rank `rank`.
struct Job {
  Index k, part;
  int rank;
  Cut x, y;
  std::vector<Real> x_values, y_values;  // on that rank only
};

std::vector<Job> make_jobs(const CouplingOptions& options, const std::vector<Ensemble>& populations) {
  std::vector<Job> jobs;
  const int ranks = populations.front().comm.size();
  for (std::size_t k = 0; k + 1 < populations.size(); ++k) {
    const Index n = populations[k].particles(), m = populations[k + 1].particles();
    const Index batch = options.batch.is_word() ? std::max(n, m) : options.batch.number;
    const Index parts = std::min({(std::max(n, m) + batch - 1) / batch, n, m});
    const Cut x{n, parts}, y{m, parts};
    for (Index p = 0; p < parts; ++p) {
      const Index largest = std::max(x.size(p), y.size(p));
      if (largest > options.exact_limit)
        throw InputError(options.where + ".batch",
                         fmt::format("couples {} particles at a time, more than exact_limit = {}; choose a "
                                     "smaller batch, or raise exact_limit "
                                     "(time grows as the square)",
                                     largest, options.exact_limit));
      if (options.method == "assignment" && x.size(p) != y.size(p))
        throw InputError(
            options.where + ".method",
            fmt::format(
                "assignment needs parts of equal size; populations {} and {} have {} and {} particles: use "
                "network_simplex",
                k, k + 1, n, m));
      jobs.push_back({Index(k), p, int(Index(jobs.size()) % ranks), x, y, {}, {}});
    }
  }
  return jobs;
}

/// Jobs of a transition start at this number.
std::vector<Index> first_jobs(const std::vector<Job>& jobs, std::size_t transitions) {
  std::vector<Index> first(transitions, 0);
  for (std::size_t j = jobs.size(); j-- > 0;) first[jobs[j].k] = Index(j);
  return first;
}

/// Sends every particle to the ranks that couple it: as x of the next transition, as y of the one before.
void collect_points(std::vector<Job>& jobs, const std::vector<Ensemble>& populations) {
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
        exchange.send(jobs[job].rank, 2 * job, row - jobs[job].x.first(jobs[job].part), &host(0, i));
      }
      if (k > 0) {
        const Index job = first[k - 1] + jobs[first[k - 1]].y.part_of(row);
        exchange.send(jobs[job].rank, 2 * job + 1, row - jobs[job].y.first(jobs[job].part), &host(0, i));
      }
    }
  }
  for (Job& job : jobs) {
    if (job.rank != comm.rank()) continue;
    job.x_values.resize(job.x.size(job.part) * d);
    job.y_values.resize(job.y.size(job.part) * d);
  }
  exchange.deliver([&](const RowExchange::Row& row) {
    Job& job = jobs[row.tag / 2];
    auto& values = row.tag % 2 == 0 ? job.x_values : job.y_values;
    std::copy_n(row.values, d, &values[row.key * d]);
  });
}

struct Solution {
  BarycentricMaps maps;
  Real cost, gap;
};
Solution solve(const Job& job, Index d, const std::string& method) {
  const Points x{job.x_values.data(), job.x.size(job.part), d},
      y{job.y_values.data(), job.y.size(job.part), d};
  if (method == "network_simplex" || x.count != y.count) {
    const Transport transport = solve_network_simplex(x, y);
    return {barycentric_maps(x, y, transport.plan), transport.cost, transport.certificate.gap};
  }
  const Assignment assignment = solve_assignment(x, y);
  Plan plan;
  for (Index i = 0; i < x.count; ++i) plan.push_back({i, assignment.y_of_x[i], 1 / Real(x.count)});
  return {barycentric_maps(x, y, plan), assignment.cost, assignment.certificate.gap};
}

std::vector<CoupledEnsemble> couple_by_sinkhorn(const CouplingOptions& options,
                                                const std::vector<Ensemble>& populations, CoupledAt at,
                                                bool single) {
  std::vector<CoupledEnsemble> coupled;
  for (std::size_t k = 0; k + 1 < populations.size(); ++k) {
    const Ensemble &x = populations[k], &y = populations[k + 1];
    SinkhornProblem problem;
    problem.epsilon = options.epsilon * mean_squared_distance(x, y);
    problem.tolerance = options.tolerance;
    problem.max_iterations = options.max_iterations;
    problem.single = single;
    const SinkhornResult result = sinkhorn(x, y, problem);
    if (!result.converged)
      throw RunError(
          fmt::format("the coupling of populations {} and {} did not converge: marginal error {:.2g} after "
                      "{} iterations; "
                      "raise {}.max_iterations, epsilon or tolerance",
                      k, k + 1, result.marginal_error, result.iterations, options.where));
    CoupledEnsemble kept;
    static_cast<ConditionalDisplacement&>(kept) = at == CoupledAt::next ? result.at_y : result.at_x;
    kept.cost = result.cost;
    kept.gap = result.gap;
    kept.marginal_error = result.marginal_error;
    kept.iterations = result.iterations;
    coupled.push_back(std::move(kept));
  }
  return coupled;
}

}  // namespace

void check_couplings(const CouplingOptions& options, const std::vector<Ensemble>& populations) {
  if (options.method == "sinkhorn") return;
  make_jobs(options, populations);
}

std::vector<CoupledEnsemble> couple_populations(const CouplingOptions& options,
                                                const std::vector<Ensemble>& populations, CoupledAt at,
                                                bool single) {
  if (options.method == "sinkhorn") return couple_by_sinkhorn(options, populations, at, single);
  const Communicator& comm = populations.front().comm;
  const Index d = populations.front().components();
  const std::size_t transitions = populations.size() - 1;
  const bool next = at == CoupledAt::next;
  auto jobs = make_jobs(options, populations);
  collect_points(jobs, populations);

  // Results go back to the particles' owners: displacement, mass, variance.
  RowExchange exchange(comm, d + 2);
  std::vector<Real> costs(jobs.size(), 0), gaps(jobs.size(), 0);
  comm.agree([&] {
    std::vector<Real> record(d + 2);
    for (std::size_t j = 0; j < jobs.size(); ++j) {
      Job& job = jobs[j];
      if (job.rank != comm.rank()) continue;
      const Solution solution = solve(job, d, options.method);
      costs[j] = solution.cost, gaps[j] = solution.gap;
      const BarycentricMap& map = next ? solution.maps.x_given_y : solution.maps.y_given_x;
      const Cut& cut = next ? job.y : job.x;
      const auto& here = next ? job.y_values : job.x_values;
      const Partition& partition = populations[job.k + (next ? 1 : 0)].partition;
      const Real share = Real(cut.size(job.part)) / Real(cut.rows);
      for (Index i = 0; i < cut.size(job.part); ++i) {
        for (Index c = 0; c < d; ++c)
          record[c] = next ? here[i * d + c] - map.mean[i * d + c] : map.mean[i * d + c] - here[i * d + c];
        record[d] = map.mass[i] * share;
        record[d + 1] = map.variance[i];
        const Index row = cut.first(job.part) + i;
        exchange.send(partition.owner_of_row(row), job.k, row, record.data());
      }
      job.x_values = {};
      job.y_values = {};
    }
  });

  std::vector<CoupledEnsemble> coupled(transitions);
  for (std::size_t k = 0; k < transitions; ++k) {
    const Index particles = populations[k + (next ? 1 : 0)].partition.local_particles();
    coupled[k].displacement = Matrix<Real>("Weir::Coupling::displacement", d, particles);
    coupled[k].mass = Vector<Real>("Weir::Coupling::mass", particles);
    coupled[k].variance = Vector<Real>("Weir::Coupling::variance", particles);
  }
  exchange.deliver([&](const RowExchange::Row& row) {
    CoupledEnsemble& to = coupled[row.tag];
    const Index i = row.key - populations[row.tag + (next ? 1 : 0)].partition.first_row();
    for (Index c = 0; c < d; ++c) to.displacement(c, i) = row.values[c];
    to.mass(i) = row.values[d];
    to.variance(i) = row.values[d + 1];
  });
  for (std::size_t j = 0; j < jobs.size(); ++j) {  // in the jobs' order on every rank
    const Job& job = jobs[j];
    const Real share = Real(job.x.size(job.part)) / Real(job.x.rows);
    coupled[job.k].cost += share * comm.broadcast_value(costs[j], job.rank);
    coupled[job.k].gap += share * comm.broadcast_value(gaps[j], job.rank);
  }
  return coupled;
}

}  // namespace weir
