using TorchSharp;

namespace HyperKernels.TorchPeer;

/// <summary>One way to do a work: an answer, and the parameters that training changes.</summary>
/// <param name="Name">As the table shows it.</param>
/// <param name="Forward">Gives the answer.</param>
/// <param name="Train">One pass forward and backward, with an optimiser's step where the work has one; null where there is no gradient.</param>
internal sealed record Variant(string Name, Func<torch.Tensor> Forward, Action? Train);

/// <summary>The works by the names of the engine's sized ops.</summary>
internal static class Works
{
    private static readonly Dictionary<string, Func<Letters, IEnumerable<Variant>>> s_all = new()
    {
        ["matmul"] = ProductWorks.Matmul,
        ["generate_linear"] = ProductWorks.GenerateLinear,
        ["conv2d_per_sample"] = ProductWorks.ConvPerSample,
        ["hypergraph_conv"] = HypergraphWorks.Convolution,
        ["segment_softmax"] = HypergraphWorks.Softmax,
        ["segment_attention"] = HypergraphWorks.Attention,
        ["hgnn_step"] = HypergraphWorks.Hgnn,
        ["hypergcn_step"] = HypergraphWorks.HyperGcn,
        ["unigcnii_step"] = HypergraphWorks.UniGcnII,
        ["unigat_step"] = HypergraphWorks.UniGat,
        ["allset_step"] = HypergraphWorks.AllSet,
        ["edhnn_step"] = HypergraphWorks.EdHnn,
        ["phenomnn_step"] = HypergraphWorks.PhenomNn,
        ["adam"] = NetworkWorks.Adam,
        ["mlp_step"] = NetworkWorks.Mlp,
        ["lenet_step"] = NetworkWorks.LeNet,
        ["mip_mlp_step"] = HyperWorks.MipMlp,
        ["mip_step"] = HyperWorks.MipLeNet,
        ["hyper_lstm"] = RecurrentWorks.HyperLstm,
        ["static_hyper_step"] = TaskWorks.Static,
        ["task_chunks_step"] = TaskWorks.Chunks,
        ["task_recurrent_step"] = TaskWorks.Recurrent,
        ["self_tuning_step"] = TaskWorks.SelfTuning,
        ["interval_step"] = TaskWorks.Interval,
        ["condconv"] = ConditionalWorks.CondConv,
        ["generated_lora"] = ConditionalWorks.Lora,
        ["sparse_mixture"] = ConditionalWorks.SparseMixture,
        ["hyper_adapter"] = ConditionalWorks.Adapter,
        ["kronecker_conv2d"] = ConditionalWorks.Kronecker,
        ["siren_per_sample"] = ConditionalWorks.Siren,
        ["self_tuning_cnn_step"] = TaskWorks.SelfTuningImages,
    };

    public static IReadOnlyList<VariantReport> Time(string op, string sizes)
    {
        if (!s_all.TryGetValue(op, out Func<Letters, IEnumerable<Variant>>? make))
        {
            return [new VariantReport("libtorch", null, null, $"{op} is not written for libtorch")];
        }
        torch.manual_seed(1);
        List<VariantReport> reports = [];
        foreach (Variant variant in make(new Letters(sizes)))
        {
            Figure forward;
            using (torch.no_grad())
            {
                forward = Clock.Measure(() => variant.Forward());
            }
            reports.Add(new VariantReport(variant.Name, forward, variant.Train is null ? null : Clock.Measure(variant.Train)));
        }
        return reports.Count > 0 ? reports : [new VariantReport("libtorch", null, null, "takes minutes at this size")];
    }

    /// <summary>Standard normal values times a scale.</summary>
    public static torch.Tensor Normal(ReadOnlySpan<long> shape, double scale = 1) => torch.randn(shape) * scale;

    /// <summary>The gradient of a weighted sum of what runs.</summary>
    public static Variant WithGradient(string name, Func<torch.Tensor> run, params torch.Tensor[] leaves)
    {
        torch.Tensor seed;
        using (torch.no_grad())
        {
            seed = torch.randn_like(run());
        }
        foreach (torch.Tensor leaf in leaves)
        {
            leaf.requires_grad_(true);
        }
        return new Variant(name, run, () =>
        {
            foreach (torch.Tensor leaf in leaves)
            {
                leaf.grad = null;
            }
            run().backward([seed]);
        });
    }

    /// <summary>A training step: cross-entropy of the answer against labels, backward, Adam.</summary>
    public static Variant Training(string name, Func<torch.Tensor> run, torch.Tensor labels, IEnumerable<TorchSharp.Modules.Parameter> parameters)
    {
        torch.optim.Optimizer adam = torch.optim.Adam(parameters, lr: 1e-4);
        return new Variant(name, run, () =>
        {
            adam.zero_grad();
            torch.nn.functional.cross_entropy(run(), labels).backward();
            adam.step();
        });
    }

    public static torch.Tensor Labels(long count, long classes = 10) => torch.arange(count) % classes;
}
