//! `$filter` (OData 4.01 part 2 §5.1.1): text to [`Expr`]. It knows precedence, functions and lambdas, and no property;
//! what a function or a type means is its caller's to say. Arithmetic and `has` are not read: no mail property needs them.

use crate::error::{Place, SyntaxError};
use crate::lex::{DEPTH, TOO_DEEP, Token, Tokens, is_name};
use crate::literal::Literal;
use crate::property::PropertyPath;

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// All of them, at least two.
    And(Vec<Expr>),
    /// A function and its arguments: `contains(subject, 'x')`.
    Call {
        /// Its name in lower case.
        function: String,
        /// In the order written.
        arguments: Vec<Expr>,
        /// Where it stands.
        place: Place,
    },
    /// A value taken for another type: `cast(ep/value, Edm.Int32)`.
    Cast {
        /// The value.
        value: Box<Expr>,
        /// The type, with its namespace.
        type_name: String,
    },
    /// A comparison of two values.
    Compare {
        /// What stands before the operator.
        left: Box<Expr>,
        /// How they compare.
        operator: Comparison,
        /// What stands behind it.
        right: Box<Expr>,
        /// Where the operator stands.
        place: Place,
    },
    /// Whether a value is one of a list.
    In {
        /// The value.
        value: Box<Expr>,
        /// At least one.
        list: Vec<Literal>,
    },
    /// Whether something holds for members of a collection: `categories/any(a:a eq 'x')`.
    Lambda {
        /// The collection: a [`Expr::Property`] or a [`Expr::Variable`].
        collection: Box<Expr>,
        /// For how many of them.
        quantifier: Quantifier,
        /// The name of a member in the predicate.
        variable: String,
        /// What holds.
        predicate: Box<Expr>,
    },
    /// A value.
    Literal(Literal),
    /// What does not hold.
    Not(Box<Expr>),
    /// A collection with at least one member: `categories/any()`.
    NotEmpty(Box<Expr>),
    /// One of them, at least two.
    Or(Vec<Expr>),
    /// A property of what is filtered.
    Property(PropertyPath),
    /// A member of a collection within a lambda, or a property of it.
    Variable {
        /// The lambda's name for it.
        name: String,
        /// Nothing where it is the member itself.
        path: Option<PropertyPath>,
    },
}

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `eq`
    Equal,
    /// `gt`
    Greater,
    /// `ge`
    GreaterOrEqual,
    /// `lt`
    Less,
    /// `le`
    LessOrEqual,
    /// `ne`
    NotEqual,
}

impl Comparison {
    const ALL: [Comparison; 6] = [
        Comparison::Equal,
        Comparison::Greater,
        Comparison::GreaterOrEqual,
        Comparison::Less,
        Comparison::LessOrEqual,
        Comparison::NotEqual,
    ];

    /// Its word in an expression.
    pub fn word(self) -> &'static str {
        match self {
            Comparison::Equal => "eq",
            Comparison::Greater => "gt",
            Comparison::GreaterOrEqual => "ge",
            Comparison::Less => "lt",
            Comparison::LessOrEqual => "le",
            Comparison::NotEqual => "ne",
        }
    }
}

/// For how many members of a collection something holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// For each.
    All,
    /// For at least one.
    Any,
}

impl Quantifier {
    fn of(word: &str) -> Option<Quantifier> {
        [Quantifier::All, Quantifier::Any].into_iter().find(|q| q.word().eq_ignore_ascii_case(word))
    }

    /// Its word in an expression.
    pub fn word(self) -> &'static str {
        match self {
            Quantifier::All => "all",
            Quantifier::Any => "any",
        }
    }
}

impl Expr {
    /// Reads an expression of at most 65,536 octets and 64 levels.
    ///
    /// # Errors
    /// [`SyntaxError`] for anything that is none.
    pub fn parse(text: &str) -> Result<Expr, SyntaxError> {
        let mut parser = Parser { tokens: Tokens::of(text)?, depth: 0, variables: Vec::new() };
        let expr = parser.or()?;
        parser.tokens.demand(&Token::End, "an operator or the end")?;
        Ok(expr)
    }
}

struct Parser<'t> {
    tokens: Tokens<'t>,
    depth: usize,
    /// Of the lambdas that are open, outermost first.
    variables: Vec<&'t str>,
}

/// One method for each level of precedence (OData 4.01 part 2 §5.1.1.17), lowest first.
impl<'t> Parser<'t> {
    fn or(&mut self) -> Result<Expr, SyntaxError> {
        self.chain("or", Parser::and, Expr::Or)
    }

    fn and(&mut self) -> Result<Expr, SyntaxError> {
        self.chain("and", Parser::comparison, Expr::And)
    }

    /// Operands of one operator stand side by side, however many: a chain is no depth.
    fn chain(
        &mut self,
        word: &str,
        operand: fn(&mut Parser<'t>) -> Result<Expr, SyntaxError>,
        join: fn(Vec<Expr>) -> Expr,
    ) -> Result<Expr, SyntaxError> {
        let first = operand(self)?;
        if !self.tokens.at_word(word) {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.tokens.eat_word(word)? {
            operands.push(operand(self)?);
        }
        Ok(join(operands))
    }

    fn comparison(&mut self) -> Result<Expr, SyntaxError> {
        let left = self.unary()?;
        if self.tokens.eat_word("in")? {
            return Ok(Expr::In { value: Box::new(left), list: self.list()? });
        }
        let Some(operator) = Comparison::ALL.into_iter().find(|c| self.tokens.at_word(c.word())) else { return Ok(left) };
        let place = self.tokens.place();
        self.tokens.take()?;
        Ok(Expr::Compare { left: Box::new(left), operator, right: Box::new(self.unary()?), place })
    }

    /// `not` binds more tightly than a comparison: `not isRead eq true` is `(not isRead) eq true`.
    fn unary(&mut self) -> Result<Expr, SyntaxError> {
        if self.tokens.eat_word("not")? {
            return self.deeper(|parser| Ok(Expr::Not(Box::new(parser.unary()?))));
        }
        match self.tokens.next() {
            Token::Literal(_) => self.literal().map(Expr::Literal),
            Token::Name(name) if !is_operator(name) => self.named(),
            Token::Open => {
                self.tokens.take()?;
                let inner = self.deeper(Parser::or)?;
                self.close()?;
                Ok(inner)
            }
            _ => Err(self.tokens.expected("a property, a function, a literal or a parenthesis")),
        }
    }

    /// A function, a lambda, a property, or a variable.
    fn named(&mut self) -> Result<Expr, SyntaxError> {
        let place = self.tokens.place();
        let first = self.tokens.demand_name("a name")?;
        if self.tokens.eat(&Token::Open)? {
            return self.deeper(|parser| parser.call(first, place));
        }
        let mut segments = vec![first];
        while self.tokens.eat(&Token::Slash)? {
            let segment = self.tokens.demand_name("a property, any or all")?;
            match Quantifier::of(segment) {
                Some(quantifier) if self.tokens.eat(&Token::Open)? => {
                    let collection = Box::new(self.resolve(&segments, place)?);
                    return self.deeper(|parser| parser.lambda(collection, quantifier));
                }
                _ => segments.push(segment),
            }
        }
        self.resolve(&segments, place)
    }

    fn resolve(&self, segments: &[&str], place: Place) -> Result<Expr, SyntaxError> {
        let path = |segments| PropertyPath::of(segments, place);
        match segments {
            [first, rest @ ..] if self.variables.contains(first) => {
                Ok(Expr::Variable { name: (*first).to_owned(), path: path(rest) })
            }
            _ => path(segments).map(Expr::Property).ok_or_else(|| self.tokens.expected("a property")),
        }
    }

    fn call(&mut self, name: &str, place: Place) -> Result<Expr, SyntaxError> {
        if name.eq_ignore_ascii_case("cast") {
            return self.cast();
        }
        let mut arguments = Vec::new();
        if !self.tokens.eat(&Token::Close)? {
            arguments.push(self.or()?);
            while self.tokens.eat(&Token::Comma)? {
                arguments.push(self.or()?);
            }
            self.close()?;
        }
        Ok(Expr::Call { function: name.to_ascii_lowercase(), arguments, place })
    }

    /// The type may stand in quotes, as OData 3 has it.
    fn cast(&mut self) -> Result<Expr, SyntaxError> {
        let value = Box::new(self.or()?);
        self.tokens.demand(&Token::Comma, "a comma and a type")?;
        let type_name = match self.tokens.next() {
            Token::Name(name) => (*name).to_owned(),
            Token::Literal(Literal::String(name)) => name.clone(),
            _ => String::new(),
        };
        if !(is_name(&type_name) && type_name.contains('.')) {
            return Err(self.tokens.expected("a type with its namespace, such as Edm.Int32"));
        }
        self.tokens.take()?;
        self.close()?;
        Ok(Expr::Cast { value, type_name })
    }

    fn lambda(&mut self, collection: Box<Expr>, quantifier: Quantifier) -> Result<Expr, SyntaxError> {
        if quantifier == Quantifier::Any && self.tokens.eat(&Token::Close)? {
            return Ok(Expr::NotEmpty(collection));
        }
        let variable = self.tokens.demand_name("a variable and a colon")?;
        self.tokens.demand(&Token::Colon, "a colon")?;
        self.variables.push(variable);
        let predicate = Box::new(self.or()?);
        self.variables.pop();
        self.close()?;
        Ok(Expr::Lambda { collection, quantifier, variable: variable.to_owned(), predicate })
    }

    fn list(&mut self) -> Result<Vec<Literal>, SyntaxError> {
        self.tokens.demand(&Token::Open, "a list in parentheses")?;
        let mut list = vec![self.literal()?];
        while self.tokens.eat(&Token::Comma)? {
            list.push(self.literal()?);
        }
        self.close()?;
        Ok(list)
    }

    fn literal(&mut self) -> Result<Literal, SyntaxError> {
        let expected = self.tokens.expected("a literal");
        match self.tokens.take()? {
            Token::Literal(literal) => Ok(literal),
            _ => Err(expected),
        }
    }

    fn close(&mut self) -> Result<(), SyntaxError> {
        self.tokens.demand(&Token::Close, "an operator or a closing parenthesis")
    }

    fn deeper(&mut self, read: impl FnOnce(&mut Self) -> Result<Expr, SyntaxError>) -> Result<Expr, SyntaxError> {
        if self.depth == DEPTH {
            return Err(self.tokens.expected(TOO_DEEP));
        }
        self.depth += 1;
        let expr = read(self);
        self.depth -= 1;
        expr
    }
}

/// Whether a word is an operator, which is no operand. A property of such a name can't be told from one.
fn is_operator(word: &str) -> bool {
    let words = ["and", "in", "not", "or"].into_iter();
    words.chain(Comparison::ALL.map(Comparison::word)).any(|operator| operator.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests;
