using System.Numerics;

namespace HyperKernels.Cli.Data;

/// <summary>How digits are written: strokes in a box one wide and one high, x to the right, y down. Several ways for some.</summary>
internal static class DigitStrokes
{
    private static readonly Stroke[][][] s_ways =
    [
        [[Curve(true, .5f, 0, .24f, .12f, .15f, .5f, .24f, .88f, .5f, 1, .76f, .88f, .85f, .5f, .76f, .12f)]],
        [
            [Line(.5f, 0, .5f, 1)],
            [Line(.3f, .2f, .54f, .01f, .53f, 1)],
            [Line(.3f, .2f, .54f, .01f, .53f, 1), Line(.28f, 1, .78f, 1)],
        ],
        [
            [Curve(false, .17f, .25f, .3f, .05f, .55f, 0, .78f, .12f, .8f, .32f, .62f, .56f, .38f, .77f, .15f, .97f), Line(.15f, .97f, .86f, .96f)],
            [
                Curve(false, .18f, .2f, .42f, .01f, .72f, .08f, .76f, .36f, .52f, .68f, .26f, .95f, .14f, .9f, .24f, .8f, .5f, .88f, .72f, .99f, .9f, .93f),
            ],
        ],
        [
            [
                Curve(false, .2f, .1f, .45f, 0, .74f, .1f, .73f, .33f, .42f, .46f),
                Curve(false, .42f, .46f, .78f, .56f, .83f, .8f, .58f, .99f, .3f, .98f, .13f, .86f),
            ],
            [Line(.2f, .02f, .78f, .03f, .45f, .4f), Curve(false, .45f, .4f, .78f, .55f, .82f, .8f, .58f, .99f, .3f, .98f, .13f, .88f)],
        ],
        [
            [Line(.6f, .01f, .12f, .64f, .9f, .64f), Line(.66f, .3f, .63f, 1)],
            [Curve(false, .22f, .02f, .18f, .3f, .2f, .5f, .45f, .56f, .78f, .5f), Line(.8f, .02f, .74f, 1)],
        ],
        [
            [Line(.82f, .03f, .28f, .03f, .23f, .43f), Curve(false, .23f, .43f, .5f, .36f, .77f, .5f, .8f, .76f, .55f, .98f, .26f, .96f, .13f, .84f)],
        ],
        [
            [
                Curve(false, .7f, .02f, .44f, .14f, .24f, .42f, .18f, .7f, .32f, .95f, .6f, .98f, .8f, .78f, .7f, .57f, .45f, .53f, .2f, .72f),
            ],
        ],
        [
            [Line(.13f, .05f, .85f, .04f), Curve(false, .85f, .04f, .6f, .45f, .42f, 1)],
            [Line(.13f, .05f, .85f, .04f), Curve(false, .85f, .04f, .6f, .45f, .42f, 1), Line(.28f, .52f, .74f, .5f)],
        ],
        [
            [
                Curve(true, .5f, .46f, .25f, .32f, .28f, .08f, .5f, 0, .72f, .08f, .75f, .32f, .5f, .46f, .2f, .66f, .22f, .9f, .5f, 1, .78f, .9f, .8f, .66f),
            ],
        ],
        [
            [
                Curve(false, .76f, .26f, .62f, .04f, .36f, .03f, .2f, .24f, .3f, .47f, .58f, .47f, .76f, .26f),
                Curve(false, .77f, .16f, .76f, .55f, .6f, 1),
            ],
            [Curve(true, .74f, .24f, .48f, 0, .22f, .22f, .46f, .48f), Line(.76f, .1f, .75f, 1)],
        ],
    ];

    /// <summary>The ways in which a digit can be written.</summary>
    public static Stroke[][] Ways(int digit) => s_ways[digit];

    private static Stroke Curve(bool closed, params float[] coordinates) => new(Points(coordinates), Smooth: true, closed);

    private static Stroke Line(params float[] coordinates) => new(Points(coordinates), Smooth: false, Closed: false);

    private static Vector2[] Points(float[] coordinates) =>
        [.. Enumerable.Range(0, coordinates.Length / 2).Select(i => new Vector2(coordinates[2 * i], coordinates[(2 * i) + 1]))];
}

/// <summary>One movement of the pen.</summary>
/// <param name="Points">Where it passes.</param>
/// <param name="Smooth">A curve through the points instead of straight lines.</param>
/// <param name="Closed">It ends where it began.</param>
internal sealed record Stroke(Vector2[] Points, bool Smooth, bool Closed);
