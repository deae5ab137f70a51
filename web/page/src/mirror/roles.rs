//! What each of egui's roles is on a page.

use egui::accesskit::Role;

use super::scene::Tag;

/// How an element gets its name, and what may be in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Its name is its text, and there is nothing else in it: a button.
    Control,
    /// It shows a value beside its name: a combo box.
    Choice,
    /// It stands for a number: a slider.
    Range,
    /// It is typed into.
    Field,
    /// It is a picture: nothing without a name.
    Picture,
    /// It is text, and may have elements in it.
    Text,
    /// It holds others, and says something even without a name: a list.
    Container,
    /// It holds others, and without a name they might as well be alone.
    Named,
    /// It only holds others, and nothing that its node says is used.
    Box,
    /// It is not shown, only what is in it.
    Transparent,
}

impl Kind {
    /// Whether browsers take everything inside for a part of its picture. What egui puts there,
    /// the menu of a button for example, has to come after the element instead.
    pub(super) fn is_leaf(self) -> bool {
        matches!(self, Self::Control | Self::Choice | Self::Range | Self::Field | Self::Picture)
    }
}

/// What an element is made as.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Shape {
    /// The element.
    pub tag: Tag,
    /// Its role for assistive technology; empty for plain text.
    pub role: &'static str,
    /// How it is named and filled.
    pub kind: Kind,
}

const fn shape(kind: Kind, role: &'static str) -> Shape {
    Shape { tag: Tag::Plain, role, kind }
}

const fn line(kind: &'static str, role: &'static str) -> Shape {
    Shape { tag: Tag::Line(kind), role, kind: Kind::Field }
}

/// What `role` is on a page, apart from where it stands.
pub(super) fn shape_of(role: Role) -> Shape {
    use Kind::{Choice, Container, Control, Named, Picture, Range, Text, Transparent};
    match role {
        Role::Button | Role::DefaultButton | Role::DisclosureTriangle | Role::ColorWell => shape(Control, "button"),
        Role::CheckBox => shape(Control, "checkbox"),
        Role::Switch => shape(Control, "switch"),
        Role::RadioButton => shape(Control, "radio"),
        Role::Link | Role::DocBackLink | Role::DocBiblioRef | Role::DocGlossRef | Role::DocNoteRef => {
            shape(Control, "link")
        }
        Role::Tab => shape(Control, "tab"),
        Role::MenuItem => shape(Control, "menuitem"),
        Role::MenuItemCheckBox => shape(Control, "menuitemcheckbox"),
        Role::MenuItemRadio => shape(Control, "menuitemradio"),
        Role::ListBoxOption | Role::MenuListOption => shape(Control, "option"),
        Role::TreeItem => shape(Text, "treeitem"),

        Role::ComboBox => shape(Choice, "combobox"),

        Role::Slider => shape(Range, "slider"),
        Role::ProgressIndicator => shape(Range, "progressbar"),
        Role::Meter => shape(Range, "meter"),
        Role::Splitter => shape(Range, "separator"),

        // Types that browsers check or dress up would only get in egui's way.
        Role::TextInput
        | Role::DateInput
        | Role::DateTimeInput
        | Role::WeekInput
        | Role::MonthInput
        | Role::TimeInput
        | Role::EmailInput
        | Role::PhoneNumberInput
        | Role::UrlInput => line("text", ""),
        Role::SearchInput => line("search", ""),
        Role::PasswordInput => line("password", ""),
        Role::EditableComboBox => line("text", "combobox"),
        Role::SpinButton | Role::NumberInput => line("text", "spinbutton"),
        Role::MultilineTextInput => Shape { tag: Tag::Lines, role: "", kind: Kind::Field },

        Role::Image
        | Role::GraphicsDocument
        | Role::GraphicsObject
        | Role::GraphicsSymbol
        | Role::SvgRoot
        | Role::Canvas
        | Role::DocCover => shape(Picture, "img"),

        Role::Label
        | Role::Abbr
        | Role::Caret
        | Role::DocSubtitle
        | Role::FigureCaption
        | Role::Keyboard
        | Role::Legend
        | Role::ListMarker
        | Role::Mark
        | Role::Ruby
        | Role::RubyAnnotation
        | Role::TitleBar => shape(Text, ""),
        Role::Paragraph => shape(Text, "paragraph"),
        Role::Heading => shape(Text, "heading"),
        Role::Caption => shape(Text, "caption"),
        Role::Code => shape(Text, "code"),
        Role::Emphasis => shape(Text, "emphasis"),
        Role::Strong => shape(Text, "strong"),
        Role::Blockquote => shape(Text, "blockquote"),
        Role::ContentDeletion => shape(Text, "deletion"),
        Role::ContentInsertion => shape(Text, "insertion"),
        Role::Suggestion => shape(Text, "suggestion"),
        Role::Math => shape(Text, "math"),
        Role::Note | Role::DocFootnote | Role::DocNotice | Role::DocTip => shape(Text, "note"),
        Role::Term => shape(Text, "term"),
        Role::Definition => shape(Text, "definition"),
        Role::Time => shape(Text, "time"),
        Role::Tooltip => shape(Text, "tooltip"),
        Role::Status => shape(Text, "status"),
        Role::Alert => shape(Text, "alert"),
        Role::Log => shape(Text, "log"),
        Role::Timer => shape(Text, "timer"),
        Role::Marquee => shape(Text, "marquee"),
        Role::Cell | Role::LayoutTableCell => shape(Text, "cell"),
        Role::GridCell => shape(Text, "gridcell"),
        Role::ColumnHeader => shape(Text, "columnheader"),
        Role::RowHeader => shape(Text, "rowheader"),
        Role::ListItem | Role::DocBiblioEntry | Role::DocEndnote => shape(Text, "listitem"),
        Role::Comment => shape(Text, "comment"),

        Role::List | Role::DescriptionList => shape(Container, "list"),
        Role::ListBox | Role::MenuListPopup => shape(Container, "listbox"),
        Role::Menu => shape(Container, "menu"),
        Role::MenuBar => shape(Container, "menubar"),
        Role::Table | Role::LayoutTable => shape(Container, "table"),
        Role::Grid | Role::ListGrid => shape(Container, "grid"),
        Role::TreeGrid => shape(Container, "treegrid"),
        Role::Tree => shape(Container, "tree"),
        Role::Row | Role::LayoutTableRow => shape(Container, "row"),
        Role::RowGroup => shape(Container, "rowgroup"),
        Role::TabList => shape(Container, "tablist"),
        Role::TabPanel => shape(Container, "tabpanel"),
        Role::RadioGroup => shape(Container, "radiogroup"),
        Role::Toolbar => shape(Container, "toolbar"),
        Role::Window | Role::Dialog => shape(Container, "dialog"),
        Role::AlertDialog => shape(Container, "alertdialog"),
        Role::Feed => shape(Container, "feed"),
        Role::Main => shape(Container, "main"),
        Role::Search => shape(Container, "search"),
        Role::Navigation | Role::DocIndex | Role::DocPageList | Role::DocToc => shape(Container, "navigation"),
        Role::Document | Role::PdfRoot | Role::RootWebArea | Role::Terminal => shape(Container, "document"),
        Role::Article => shape(Container, "article"),

        Role::Figure => shape(Named, "figure"),
        Role::Form => shape(Named, "form"),
        Role::Banner | Role::Header => shape(Named, "banner"),
        Role::ContentInfo | Role::Footer => shape(Named, "contentinfo"),
        Role::Complementary => shape(Named, "complementary"),
        Role::Pane | Role::Region | Role::Section | Role::DocChapter | Role::DocPart => shape(Named, "region"),
        // A scroll bar is for pointers: what is out of sight is in the tree all the same.
        Role::ScrollBar | Role::ScrollView | Role::TextRun | Role::LineBreak => shape(Transparent, ""),
        // Boxes, and what a page has no word for.
        _ => shape(Named, "group"),
    }
}

/// What `role` is inside an element of the role `around`.
///
/// egui fills the lists of its combo boxes and menus with buttons.
pub(super) fn shape_in(around: &str, role: Role) -> Shape {
    let plain = shape_of(role);
    let role = match (around, plain.role) {
        ("listbox", "button" | "radio" | "checkbox") => "option",
        ("menu" | "menubar", "button" | "link") => "menuitem",
        ("menu" | "menubar", "checkbox") => "menuitemcheckbox",
        ("menu" | "menubar", "radio") => "menuitemradio",
        _ => return plain,
    };
    Shape { role, ..plain }
}

/// The role of a container in which there are only elements of the role `member`, if such a
/// container has one. egui has no containers of that kind itself.
pub(super) fn container_of(member: &str) -> Option<&'static str> {
    match member {
        "listitem" => Some("list"),
        "option" => Some("listbox"),
        "radio" => Some("radiogroup"),
        "tab" => Some("tablist"),
        "treeitem" => Some("tree"),
        "row" => Some("table"),
        _ => None,
    }
}

/// The attribute that says whether an element of this role is on, if it has one.
pub(super) fn state_of(role: &str) -> Option<&'static str> {
    match role {
        "checkbox" | "switch" | "radio" | "menuitemcheckbox" | "menuitemradio" => Some("aria-checked"),
        "button" => Some("aria-pressed"),
        "option" | "tab" | "treeitem" | "row" | "gridcell" | "columnheader" | "rowheader" => Some("aria-selected"),
        _ => None,
    }
}

/// Where the name of an element of some role comes from, if it is text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Naming {
    /// From the text.
    Text,
    /// From a label, which may well say the same.
    Label,
    /// It cannot have one.
    Never,
}

/// Where the name of an element of this role comes from.
pub(super) fn naming_of(role: &str) -> Naming {
    match role {
        "" | "paragraph" | "caption" | "code" | "deletion" | "insertion" | "emphasis" | "strong" | "suggestion"
        | "time" => Naming::Never,
        "listitem" | "status" | "alert" | "log" | "timer" | "marquee" | "note" | "term" | "definition"
        | "blockquote" | "math" | "comment" => Naming::Label,
        _ => Naming::Text,
    }
}
