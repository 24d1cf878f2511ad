// schroedinger_bridge: the most likely evolution between distributions, given a Brownian motion.
//
// Source: Jiao, Kang, Lin, Liu, Zuo, "Latent Schroedinger Bridge Diffusion Model for Generative Learning"
// (arXiv 2404.13309).
#pragma once

#include <memory>

#include "methods/schroedinger_bridge/SchroedingerBridgeOptions.hpp"
#include "weir/methods/Method.hpp"

namespace weir {

class LatentBridge;
class SnapshotBridge;

class SchroedingerBridge : public Method {
 public:
  SchroedingerBridge();
  ~SchroedingerBridge() override;
  std::string key() const override { return "schroedinger_bridge"; }
  std::string doc() const override {
    return "Schroedinger bridges: in latent space, between ensembles, through snapshots of a population";
  }
  void describe(Section& section) override { weir::describe(section, options_); }
  void prepare(const Communicator& comm, const RunOptions& run) override;
  void check(const Communicator& comm, const RunOptions& run) override;
  std::vector<CostedPart> costs(const Communicator& comm, const RunOptions& run) const override;
  void run(RunOutput& output, RunControl& control) override;

 private:
  SchroedingerBridgeOptions options_;
  std::unique_ptr<SnapshotBridge> snapshots_;  // one of the two
  std::unique_ptr<LatentBridge> latent_;
};

}  // namespace weir
