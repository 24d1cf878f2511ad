// latent_ebm: one energy of data and latents, learned by particles.
//
//     p_theta(x, z) = exp(-E_theta(x, z)) / Z_theta
//
// Source: Particle Dynamics for Latent-Variable Energy-Based Models (arXiv 2510.15447).
#pragma once

#include <optional>

#include "methods/latent_ebm/EbmData.hpp"
#include "methods/latent_ebm/EbmModel.hpp"
#include "methods/latent_ebm/LatentEbmOptions.hpp"
#include "weir/methods/Method.hpp"

namespace weir {

class LatentEbm : public Method {
 public:
  std::string key() const override { return "latent_ebm"; }
  std::string doc() const override {
    return "a latent-variable energy-based model of data, learned by particles";
  }
  void describe(Section& section) override { weir::describe(section, options_); }
  void prepare(const Communicator& comm, const RunOptions& run) override;
  void check(const Communicator& comm, const RunOptions& run) override;
  bool may_change(const DeckDifference& change, const Checkpoint& from) const override;
  std::vector<CostedPart> costs(const Communicator& comm, const RunOptions& run) const override;
  void run(RunOutput& output, RunControl& control) override;

 private:
  void check_options(const Communicator& comm, const RunOptions& run) const;
  std::optional<EbmModel> check_model(const Communicator& comm, const RunOptions& run) const;
  void check_uses(const EbmModel& model) const;
  void check_given(const Communicator& comm) const;
  void check_files(const Communicator& comm, Index latent) const;
  EbmModel read_model(const Communicator& comm, Index tile) const;
  std::optional<EbmModel> learn(RunOutput& output, RunControl& control);

  LatentEbmOptions options_;
  std::optional<EbmData> data_;
};

}  // namespace weir
