using System.Text.Json;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A field that one signal's own field modulates, with its modulations and the integral along a ray.</summary>
public sealed class ModulationFieldSystem : IReferenceSystem
{
    private const int Coordinates = 3;
    private const float CodeFrequency = 0.1f;

    /// <inheritdoc/>
    public string Name => "Neural Modulation Fields";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        FieldBackbone backbone = Backbone(source, "field", FieldBackbone.Mlp);
        FieldBackbone code = Backbone(source, "code", FieldBackbone.Mlp);
        ModulatedFieldOptions options = new()
        {
            Backbone = backbone,
            Layers = source.Int("layers", 6),
            HiddenFeatures = source.Int("hidden", 64),
            Modulation = Modulation(source),
            Frequency = (float)source.Number("omega", 1),
            Output = Output(source, backbone),
            Levels = source.Int("levels", 16),
            LevelFeatures = source.Int("level_dim", 2),
            BaseResolution = source.Int("base_resolution", 16),
            LogPlaces = source.Int("log2_max_params_per_level", 19),
        };
        ModulatedFieldOptions plain = options with
        {
            Backbone = code,
            Layers = source.Int("code_layers", 1),
            HiddenFeatures = source.Int("code_hidden", 16),
            Modulation = FieldModulation.None,
            Output = Activation.None,
            Frequency = CodeFrequency,
        };
        int shared = run.HasParameter("conditioning.shared_net.first_layer.weight") ? source.Int("shared_in", 16) : 0;
        // With film the released code makes the norm and does not use it.
        bool norm = source.Flag("norm", false) && options.Modulation != FieldModulation.Film;
        ModulatedField field = new(Coordinates, 1, options);
        ModulationCodes codes = new(
            source.Int("patients"), Coordinates, options.ModulationFeatures, plain, shared == 0 ? null : plain with { Backbone = FieldBackbone.Mlp }, shared, norm);
        ModulationField network = run.Own(new ModulationField(field, codes));
        using IDisposable weights = run.Use(network, name => NameOf(name, backbone, code));

        Tensor x = run.Input("coords");
        Tensor z = codes.Forward(x, source.Int("patient", 0));
        Tensor density = field.Forward(x, z);
        Tensor integral = ModulationField.LineIntegral(density, (float)source.Number("step", 1));
        return new Dictionary<string, Tensor> { ["modulation"] = z, ["density"] = density, ["line_integral"] = integral };
    }

    private static FieldBackbone Backbone(ReferenceCase source, string key, FieldBackbone otherwise) => source.Text(key, otherwise.ToString()).ToLowerInvariant() switch
    {
        "mlp" => FieldBackbone.Mlp,
        "siren" => FieldBackbone.Siren,
        "hash" or "hashgrid" or "hash_grid" or "hashnet" => FieldBackbone.HashGrid,
        string other => throw new InvalidDataException($"{source.Path}: the {key} \"{other}\" is not known."),
    };

    private static FieldModulation Modulation(ReferenceCase source) => source.Text("modulation", "film") switch
    {
        "film" => FieldModulation.Film,
        "shift" or "additive" => FieldModulation.Shift,
        "concat" or "concatenate" => FieldModulation.Concatenate,
        string other => throw new InvalidDataException($"{source.Path}: the modulation \"{other}\" is not known."),
    };

    // The released sine network ends in a sigmoid whatever it is told.
    private static Activation Output(ReferenceCase source, FieldBackbone backbone)
    {
        if (backbone == FieldBackbone.Siren)
        {
            return Activation.Sigmoid;
        }
        bool isOff = source.Config.TryGetProperty("final_act", out JsonElement given) && given.ValueKind == JsonValueKind.False;
        return isOff ? Activation.None : source.Text("final_act", "relu") switch
        {
            // The authors' "relu" leaks.
            "relu" => Activation.LeakyRelu(),
            "sigmoid" => Activation.Sigmoid,
            "tanh" => Activation.Tanh,
            "none" => Activation.None,
            string other => throw new InvalidDataException($"{source.Path}: the final activation \"{other}\" is not known."),
        };
    }

    // field.layer1.weight: linears.0.weight; codes.code1.final.bias: conditioning.codes.1.final_linear.bias.
    private static string NameOf(string name, FieldBackbone backbone, FieldBackbone code)
    {
        string[] parts = name.Split('.');
        if (parts[0] == "field")
        {
            return InField(parts[1..], backbone);
        }
        if (parts[1] == "norm")
        {
            return $"conditioning.norm.{parts[2]}";
        }
        return parts[1] == "shared"
            ? $"conditioning.shared_net.{InField(parts[2..], FieldBackbone.Mlp)}"
            : $"conditioning.codes.{parts[1]["code".Length..]}.{InField(parts[2..], code)}";
    }

    private static string InField(string[] parts, FieldBackbone backbone)
    {
        if (parts[0] is "final")
        {
            return $"final_linear.{parts[1]}";
        }
        if (parts[0] is "encoding")
        {
            return "encoder.embeddings";
        }
        int layer = int.Parse(parts[0]["layer".Length..], System.Globalization.CultureInfo.InvariantCulture);
        return backbone != FieldBackbone.Mlp ? $"net.{2 * layer}.{parts[1]}" : layer == 0 ? $"first_layer.{parts[1]}" : $"linears.{layer - 1}.{parts[1]}";
    }
}
