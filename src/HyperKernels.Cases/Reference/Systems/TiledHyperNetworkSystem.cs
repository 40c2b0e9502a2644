using System.Text.Json;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A static hypernetwork that makes a kernel of several units, tile by tile, as the released code does. Its matrices are (in, out).</summary>
public sealed class TiledHyperNetworkSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "static hypernetwork (CNN), tiled";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        if (source.Text("embedding_order", "row-major over tiles") is not "row-major over tiles" and string order)
        {
            throw new InvalidDataException($"{source.Path}: the embedding order \"{order}\" is not known.");
        }
        (int rows, int columns) = Tiles(source);
        (int unit, int embedding, int size) = (source.Int("unit", 16), source.Int("zdim", 64), source.Int("f", 3));
        Conv2d target = new(columns * unit, rows * unit, size, source.Int("stride", 1), source.Int("pad", size / 2), bias: false);
        StaticKernelEmission emission = new(TargetManifest.Of(target), unit, unit, embedding, KernelRows.OutputChannels, new RandomStream(0));
        HyperNetwork network = run.Own(new HyperNetwork(
            target, new TileEmbeddings(emission.Tiles, embedding, new RandomStream(0)),
            StaticHyperNetwork.Generator(emission, embedding, new RandomStream(0)), emission));
        using IDisposable weights = StaticHyperNetworkSystem.Use(network, name => name switch
        {
            "conditioning.table" => Ops.Stack(0, [.. Enumerable.Range(0, emission.Tiles).Select(tile => run.Parameter($"z{tile}"))]),
            "generator.hidden0.weight" => Ops.Transpose(run.Parameter("w2")),
            "generator.hidden0.bias" => run.Parameter("b2"),
            "emission.weight" => Ops.Transpose(run.Parameter("w1")),
            _ => run.Parameter("b1"),
        });
        return StaticHyperNetworkSystem.Results(run, network);
    }

    private static (int Rows, int Columns) Tiles(ReferenceCase source) =>
        source.Config.TryGetProperty("tiles", out JsonElement tiles) && tiles.ValueKind == JsonValueKind.Array && tiles.GetArrayLength() == 2
            ? (tiles[0].GetInt32(), tiles[1].GetInt32())
            : throw new InvalidDataException($"{source.Path}: config \"tiles\" must be [along outputs, along inputs].");
}
