namespace Kl3m.Playground.Components.Pages.Score;

internal sealed partial class ScoreState
{
    public ScoreView View => new(Comparison,
        [.. sides.Select((side, i) => new ScoreView.Side(side.Text, side.ModelId ?? GeneratorOf(i)?.Model.Id, side.Result, side.Reader, side.Error, side.IsReading ? side.Progress : null))],
        recipe, IsEditing, Selected, Front, Tint);

    /// <summary>Puts on the page what another visitor's shows. Nothing is asked of the model: the readings come along.</summary>
    public void Show(ScoreView view)
    {
        Stop();
        for (var i = 0; i < sides.Length; i++)
        {
            var (side, shown) = (sides[i], view.Sides[i]);
            (side.Text, side.ModelId, side.Result, side.Reader, side.Error) = (shown.Text, shown.ModelId, shown.Result, shown.Reader, shown.Error);
            side.IsReading = shown.Progress is not null;
            side.Report((int)((shown.Progress ?? 0) * 1000), 1000);
        }
        (Comparison, recipe, IsEditing, Selected, Front, Tint) = (view.Comparison, view.Recipe, view.IsEditing, view.Selected, view.Front, view.Tint);
        Changed?.Invoke();
    }
}
