using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>
/// The decoder of GHN-2. The authors' code cuts what it makes to the asked channels only where that spares it work; elsewhere it gives all.
/// </summary>
public sealed class ConvDecoderSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "GHN-2 decoder";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Shape outShape = new(source.Ints("out_shape"));
        int[] hidden = source.Config.TryGetProperty("hidden", out _) ? source.Ints("hidden") : [128, 256];
        bool classLayer = source.Flag("class_layer", otherwise: false);
        Shape asked = source.Config.TryGetProperty("asked", out _) ? new Shape(source.Ints("asked")) : [1, 1, 1, 1];
        int features = source.Int("features", otherwise: run.Input("x").Shape[1]);
        ConvDecoder decoder = run.Own(new ConvDecoder(features, outShape, source.Int("classes"), hidden, random: new RandomStream(0)));

        Dictionary<Parameter, Tensor> values = [];
        foreach ((string name, Parameter parameter) in decoder.NamedParameters())
        {
            string nameInCase = name.Replace("fc.", "fc.0.", StringComparison.Ordinal).Replace("conv", "conv.", StringComparison.Ordinal)
                .Replace("class_layer.", "class_layer_predictor.1.", StringComparison.Ordinal);
            // 1x1 convolutions have two axes of size 1.
            values.Add(parameter, Ops.Reshape(run.Parameter(nameInCase), parameter.Shape));
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        return new Dictionary<string, Tensor> { ["w"] = decoder.Forward(run.Input("x"), Made(asked, outShape, hidden.Length, classLayer), classLayer) };
    }

    private static Shape Made(Shape asked, Shape largest, int layers, bool classLayer)
    {
        bool cuts = layers == 2 && (asked[1] <= largest[1] / 2 || (asked[0] < largest[0] && !classLayer));
        (int height, int width) = (Math.Min(asked[2], largest[2]), Math.Min(asked[3], largest[3]));
        if (!cuts)
        {
            return new Shape(largest[0], largest[1], height, width);
        }
        return Math.Min(asked[2], asked[3]) > Math.Min(height, width)
            ? new Shape(asked[0], asked[1], 2 * height, 2 * width)
            : new Shape(asked[0], asked[1], height, width);
    }
}
