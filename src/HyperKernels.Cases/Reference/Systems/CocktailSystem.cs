using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Controls fused to maps, a control network of stand-in convolutions, and what its levels do to a frozen network's features.</summary>
public sealed class CocktailSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Cocktail";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        (int channels, int controls, int levels) = (source.Int("channels"), source.Int("controls"), source.Int("levels", 1));
        ControlFusion fusion = run.Own(new ControlFusion(channels, controls, new RandomStream(0)));
        ControlNorm norm = run.Own(new ControlNorm(channels));
        using IDisposable ofFusion = run.Use(fusion, static name => name.StartsWith("norm", StringComparison.Ordinal)
            ? $"fusion_module.input_hint_blocks.{name["norm".Length..].Replace(".", ".15.", StringComparison.Ordinal)}"
            : name.Replace("conv.", "fusion_module.conv1.", StringComparison.Ordinal));
        using IDisposable ofNorm = run.Use(norm, static name => $"input_{name}");

        Tensor maps = fusion.Forward([.. Enumerable.Range(0, controls).Select(i => run.Input($"hint.{i}"))]);
        Tensor[] parts = Ops.Split(maps, 1, channels, channels);
        Dictionary<string, Tensor> outputs = new() { ["gamma"] = parts[0], ["beta"] = parts[1] };
        Tensor h = norm.Forward(run.Input("x"), maps);
        for (int level = 0; level < levels; level++)
        {
            h = level == 0 ? h : Block(run, h, $"input_blocks.{level}");
            outputs.Add($"skip.{level}", Head(run, $"zero_convs.{level}", run.Input($"skip.{level}"), h));
        }
        outputs.Add("middle", Head(run, "middle_block_out", run.Input("middle"), Block(run, h, "middle_block")));
        return outputs;
    }

    private static Tensor Block(ReferenceRun run, Tensor h, string name) =>
        Ops.Silu(Ops.Conv2d(h, run.Parameter($"{name}.weight"), run.Parameter($"{name}.bias"), new Conv2dOptions(padding: 1)));

    private static Tensor Head(ReferenceRun run, string name, Tensor skip, Tensor control)
    {
        ControlHead head = run.Own(new ControlHead(skip.Shape[1]));
        using IDisposable weights = run.Use(head, parameter => parameter.Replace("conv", name, StringComparison.Ordinal));
        return head.Forward(skip, control);
    }
}
