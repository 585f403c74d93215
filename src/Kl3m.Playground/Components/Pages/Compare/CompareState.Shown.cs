namespace Kl3m.Playground.Components.Pages.Compare;

internal sealed partial class CompareState
{
    public CompareView View => new(Prompt, Seed, SameDice, ShowsWords,
        [.. columns.Select(column => new CompareView.Column(column.Sampling, column.Model ?? model.Generator?.Model.Id, column.Run, column.Writer))],
        Selected is { } selected ? (columns.IndexOf(selected.Column), selected.Position) : null);

    /// <summary>Puts on the page what another visitor's shows. Their runs go on by themselves, and cannot be stopped from here.</summary>
    public void Show(CompareView view)
    {
        (Prompt, Seed, SameDice, ShowsWords) = (view.Prompt, view.Seed, view.SameDice, view.ShowsWords);
        // A column that shows the same run stays what it is: its text is not drawn anew.
        List<CompareColumn> shown = [.. view.Columns.Select(Shown)];
        columns.Except(shown).ToList().ForEach(column => column.Stop());
        columns.Clear();
        columns.AddRange(shown);
        Fork = Fork.Find(columns);
        Selected = view.Selected is var (at, position) && at >= 0 && at < columns.Count ? (columns[at], position) : null;
        Changed?.Invoke();
        if (columns.Any(column => column.Run is { IsActive: true }))
        {
            Follow();
        }

        CompareColumn Shown(CompareView.Column wanted)
        {
            var column = columns.Find(column => column.Run is not null && column.Run == wanted.Run) ?? new(wanted.Sampling, wanted.Model);
            (column.Sampling, column.Model) = (wanted.Sampling, wanted.Model);
            if (wanted is { Run: { } run, Writer: { } writer } && column.Run != run)
            {
                column.Show(run, writer);
            }
            return column;
        }
    }
}
