namespace HyperKernels.Layers;

// How files hold a condition.
public sealed partial class Condition
{
    internal void Write(LayerSettings settings) => settings
        .Set("name", Name).Set("kind", Kind).Set("size", Size).Set("low", Low).Set("high", High).Set("outOfRange", OutOfRange).Set("rows", Rows)
        .Set("categories", Categories);

    internal static Condition Read(LayerSettings settings)
    {
        string name = settings.Text("name");
        int size = settings.Int("size");
        OutOfRange outOfRange = settings.Choice<OutOfRange>("outOfRange");
        string[] categories = settings.Texts("categories");
        return settings.Choice<ConditionKind>("kind") switch
        {
            ConditionKind.Range => Range(name, settings.Double("low"), settings.Double("high"), size, outOfRange),
            ConditionKind.LogRange => LogRange(name, settings.Double("low"), settings.Double("high"), size, outOfRange),
            ConditionKind.Raw => Raw(name, size),
            ConditionKind.Embedding => Embedding(name, settings.Int("rows"), size),
            _ => categories.Length > 0 ? Categorical(name, categories) : Categorical(name, size),
        };
    }
}
