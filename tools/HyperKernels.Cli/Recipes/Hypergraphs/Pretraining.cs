using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>HypeBoy's two stages, each with an optimiser of its own: features are reconstructed, then hyperedges filled.</summary>
internal sealed class Pretraining : IDisposable
{
    public const int Width = 128;
    public const float Rate = 1e-3f;
    public const float Decay = 1e-6f;
    public const float MaskedNodes = 0.5f;
    public const float LostEdges = 0.2f;
    public const float LostFeatures = 0.4f;
    public const float LostEdgesFilling = 0.9f;

    private readonly NodeTask _task;
    private readonly HypeBoy _boy;
    private readonly RandomStream _random;
    private readonly TimedRun<HypeBoy> _reconstruction;
    private readonly TimedRun<HypeBoy> _filling;

    /// <param name="task">Nodes and hyperedges; their labels play no part.</param>
    /// <param name="seed">Of first values, dropout and what is taken away.</param>
    public Pretraining(NodeTask task, int seed)
    {
        _task = task;
        _random = new RandomStream((ulong)seed);
        _boy = new HypeBoy(task.Data.FeatureCount, Width, random: _random);
        _reconstruction = Stage("reconstruction", _boy.Reconstruction);
        _filling = Stage("filling", _boy.Filling);
    }

    /// <summary>What learns.</summary>
    public HypeBoyEncoder Encoder => _boy.Encoder;

    /// <summary>What a checkpoint holds.</summary>
    public Trainee[] Trainees => [_reconstruction.Trainee, _filling.Trainee];

    /// <summary>Of the two stages.</summary>
    public (double Reconstruction, double Filling) SecondsAStep => (_reconstruction.SecondsAStep, _filling.SecondsAStep);

    /// <summary>A step of the first stage.</summary>
    public IReadOnlyList<Metric> Reconstruct()
    {
        using MemoryScope scope = _task.Features.Device.Scope();
        using Incidence left = HypergraphAugmentation.DropEdges(_task.Graph.Incidence, LostEdges, _random);
        using Hypergraph seen = new(left);
        Tensor masked = HypergraphAugmentation.ChooseNodes(_task.Data.Nodes, MaskedNodes, _random, _task.Features.Device);
        return [new Metric("reconstruction/loss", _reconstruction.Step(boy => boy.Reconstruction.Loss(boy.Encoder, _task.Features, seen, masked)))];
    }

    /// <summary>A step of the second stage.</summary>
    /// <returns>Its loss, the mean over memberships.</returns>
    public IReadOnlyList<Metric> Fill()
    {
        using MemoryScope scope = _task.Features.Device.Scope();
        using Incidence left = HypergraphAugmentation.DropEdges(_task.Graph.Incidence, LostEdgesFilling, _random);
        using Hypergraph seen = new(left);
        Tensor nodes = HypergraphAugmentation.DropFeatures(_task.Features, LostFeatures, _random);
        double loss = _filling.Step(boy => boy.Filling.Loss(boy.Encoder.Forward(nodes, seen), _task.Graph.Incidence));
        return [new Metric("filling/loss", loss / _task.Graph.MembershipCount)];
    }

    /// <summary>Embeddings of the encoder as it is, and of one that has learned nothing, without dropout: <c>[nodes, width]</c> each.</summary>
    public (Tensor Pretrained, Tensor Untrained) Embed(int seed)
    {
        using HypeBoyEncoder untrained = new(_task.Data.FeatureCount, Width, random: new RandomStream((ulong)seed));
        untrained.Eval();
        _boy.Eval();
        return (_boy.Forward(_task.Features, _task.Graph), untrained.Forward(_task.Features, _task.Graph));
    }

    public void Dispose()
    {
        _reconstruction.Dispose();
        _filling.Dispose();
    }

    private TimedRun<HypeBoy> Stage(string name, Layer head) => new(
        name, _boy, new Adam([.. _boy.Encoder.Parameters, .. head.Parameters], learningRate: Rate, weightDecay: Decay), random: _random);
}
