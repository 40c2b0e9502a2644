using HyperKernels.Cli.Data;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A classifier of images by tokens: squares of pixels, each through one linear map, with learned positions; then blocks: normed, mixed, through a perceptron each; the mean;
/// classes.
/// </summary>
internal sealed class TokenNet : TensorLayer, IStoredLayer<TokenNet>
{
    public const int Patch = 4;
    public const int Width = 48;
    public const int Blocks = 2;
    public const int Hidden = 2 * Width;
    public const int Heads = 4;
    public const int SoftEdges = 16;
    public const int DynamicEdges = 32;
    public const int Kept = 8;
    public const int FixedEdges = 4;

    private readonly int _side;
    private readonly TokenMixer _mixer;
    private readonly Linear _embed;
    private readonly Parameter _positions;
    private readonly (LayerNorm First, Layer? Mixer, LayerNorm Second, Mlp Perceptron)[] _blocks = new (LayerNorm, Layer?, LayerNorm, Mlp)[Blocks];
    private readonly LayerNorm _norm;
    private readonly Linear _head;

    static TokenNet() => LayerTypes.Register<TokenNet>();

    /// <param name="side">Pixels of an image's side, a multiple of <see cref="Patch"/>.</param>
    /// <param name="mixer">How tokens learn of each other.</param>
    /// <param name="random">Draws first values, then what is dropped.</param>
    public TokenNet(int side, TokenMixer mixer, RandomStream random)
    {
        (_side, _mixer, Random) = (side, mixer, random);
        _embed = Add("embed", new Linear(Patch * Patch, Width, random: random));
        _positions = AddParameter("positions", [Tokens, Width], Initializer.Normal(0, 0.02f), random, ParameterRole.Table);
        for (int block = 0; block < Blocks; block++)
        {
            Layer? mixing = Mixing(mixer, random);
            if (mixing is not null)
            {
                Add($"mixer{block}", mixing);
            }
            _blocks[block] = (
                Add($"first_norm{block}", new LayerNorm(Width)), mixing, Add($"second_norm{block}", new LayerNorm(Width)),
                Add($"perceptron{block}", new Mlp([Width, Hidden, Width], Activation.Gelu, random: random)));
        }
        _norm = Add("norm", new LayerNorm(Width));
        _head = Add("head", new Linear(Width, ImageSet.Classes, random: random));
    }

    /// <summary>What dropout draws from.</summary>
    public RandomStream Random { get; }

    /// <summary>The number of tokens of an image.</summary>
    public int Tokens => _side / Patch * (_side / Patch);

    /// <summary>The mean over blocks of how unevenly soft hyperedges were kept in the last <see cref="Forward"/>; null where none are chosen.</summary>
    public Tensor? Balance { get; private set; }

    /// <summary>Class scores <c>[B, 10]</c> of images <c>[B, 1, side, side]</c>. One thread at a time.</summary>
    public override Tensor Forward(Tensor input)
    {
        Tensor x = Embed(input);
        Balance = null;
        foreach ((LayerNorm first, Layer? mixer, LayerNorm second, Mlp perceptron) in _blocks)
        {
            x = Mix(mixer, first.Forward(x));
            x = Ops.Add(x, perceptron.Forward(second.Forward(x)));
        }
        return _head.Forward(Ops.Mean(_norm.Forward(x), [1]));
    }

    /// <summary>The memberships of tokens in the first block's soft hyperedges, <c>[B, tokens, SoftEdges]</c>; of a net of <see cref="TokenMixer.Soft"/>.</summary>
    public Tensor Memberships(Tensor images) => ((SoftHgnnConv)_blocks[0].Mixer!).Assignment(_blocks[0].First.Forward(Embed(images)));

    static string IStoredLayer<TokenNet>.TypeName => "TokenNet";

    static TokenNet IStoredLayer<TokenNet>.Read(LayerSettings settings) => new(settings.Int("side"), settings.Choice<TokenMixer>("mixer"), new RandomStream());

    void IStoredLayer<TokenNet>.WriteSettings(LayerSettings settings) => settings.Set("side", _side).Set("mixer", _mixer);

    private static Layer? Mixing(TokenMixer mixer, RandomStream random) => mixer switch
    {
        TokenMixer.Soft => new SoftHgnnConv(Width, SoftEdges, Heads, random: random),
        TokenMixer.Selected => new SoftHgnnSesConv(Width, DynamicEdges, Kept, FixedEdges, Heads, random: random),
        TokenMixer.Attention => new Residual(new SelfAttention(Width, Heads, random: random)),
        _ => null,
    };

    private Tensor Embed(Tensor images)
    {
        int count = _side / Patch;
        Tensor squares = Ops.Permute(Ops.Reshape(images, images.Shape[0], count, Patch, count, Patch), 0, 1, 3, 2, 4);
        return Ops.Add(_embed.Forward(Ops.Reshape(squares, images.Shape[0], Tokens, Patch * Patch)), _positions.Value);
    }

    private Tensor Mix(Layer? mixer, Tensor tokens)
    {
        if (mixer is SoftHgnnSesConv selecting)
        {
            (Tensor mixed, SoftSelection selection) = selecting.Forward(tokens);
            Tensor share = Ops.MultiplyScalar(selection.Balance, 1f / Blocks);
            Balance = Balance is { } before ? Ops.Add(before, share) : share;
            return mixed;
        }
        return mixer switch
        {
            null => tokens,
            SoftHgnnConv soft => soft.Forward(tokens),
            _ => ((TensorLayer)mixer).Forward(tokens),
        };
    }
}
