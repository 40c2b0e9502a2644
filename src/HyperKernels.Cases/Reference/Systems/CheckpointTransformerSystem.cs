using System.Text.Json;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>G.pt's transformer on a batch of checkpoints.</summary>
public sealed class CheckpointTransformerSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "G.pt checkpoint transformer";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        CheckpointTransformer transformer = run.Own(new CheckpointTransformer(
            Integers(source, "sizes") ?? throw new InvalidDataException($"{source.Path}: config needs \"sizes\"; it has none."),
            new CheckpointTransformerOptions
            {
                Split = SplitOf(source),
                ChunkSize = source.Int("chunk", 1000),
                Embedding = source.Int("embed", 768),
                Heads = source.Int("heads", 12),
                Blocks = source.Int("layers", 12),
                EncoderDepth = source.Int("encoder_depth", 1),
                DecoderDepth = source.Int("decoder_depth", 1),
                Frequencies = source.Int("frequencies", 128),
                MaxFrequencyLog2 = (float)source.Number("max_freq_log2", 20),
                AbsoluteLoss = source.Flag("absolute_loss", false),
                Epsilon = (float)source.Number("ln_eps", 1e-5),
            },
            new RandomStream(0)));
        CheckTokens(source, "input_tokens", transformer.InputTokens);
        CheckTokens(source, "output_tokens", transformer.OutputTokens);
        using IDisposable weights = run.Use(transformer);
        return new Dictionary<string, Tensor>
        {
            ["y"] = transformer.Forward(run.Input("x"), run.Input("t"), run.Input("loss_target"), run.Input("loss_prev"), run.Input("x_prev")),
        };
    }

    private static TokenSplit SplitOf(ReferenceCase source) => source.Text("policy", "chunk") switch
    {
        "chunk" => TokenSplit.Chunk,
        "layer_by_layer" => TokenSplit.LayerByLayer,
        "chunk_within_layer" => TokenSplit.ChunkWithinLayer,
        "chunk_within_input" => TokenSplit.ChunkWithinInput,
        string other => throw new InvalidDataException(
            $"{source.Path}: the policy \"{other}\" is not known; known are chunk, layer_by_layer, chunk_within_layer and chunk_within_input."),
    };

    private static void CheckTokens(ReferenceCase source, string name, IReadOnlyList<int> own)
    {
        if (Integers(source, name) is { } wanted && !wanted.SequenceEqual(own))
        {
            throw new InvalidDataException($"{source.Path}: config \"{name}\" must be [{string.Join(", ", own)}]; it is [{string.Join(", ", wanted)}].");
        }
    }

    private static int[]? Integers(ReferenceCase source, string name) =>
        source.Config.TryGetProperty(name, out JsonElement list) ? [.. list.EnumerateArray().Select(static item => item.GetInt32())] : null;
}
